/** Twice what our callback ever writes (LINE_LIMIT there). */
const maxLineBytesDefault = 4 * 1024 * 1024;
const newline = 0x0a;

/**
 * Cuts a stream of bytes into lines, in memory bounded by `maxLineBytes` however long a line gets:
 * a longer one is dropped while it passes by, and counted.
 */
export class LineSplitter {
  /** Lines that were too long to keep. */
  skippedLines = 0;
  readonly #maxLineBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;
  #isSkipping = false;

  constructor(maxLineBytes: number = maxLineBytesDefault) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** The lines that this chunk completes, without their newlines. The chunk may be used again afterwards. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, end));
      const line = this.#take();
      if (line !== undefined) lines.push(line);
      from = end + 1;
    }
    this.#keep(Buffer.from(chunk.subarray(from)));
    return lines;
  }

  /** What stands after the last newline: a torn line, as a rule. */
  end(): string | undefined {
    const line = this.#take();
    return line === '' ? undefined : line;
  }

  #keep(part: Buffer): void {
    if (this.#isSkipping || part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxLineBytes) {
      this.#isSkipping = true;
      this.#parts = [];
      return;
    }
    this.#parts.push(part);
  }

  #take(): string | undefined {
    const line = this.#isSkipping ? undefined : Buffer.concat(this.#parts).toString('utf8');
    if (this.#isSkipping) this.skippedLines += 1;
    this.#parts = [];
    this.#bytes = 0;
    this.#isSkipping = false;
    return line;
  }
}
