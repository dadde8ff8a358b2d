/** A terminal of so many columns that knows what progress may write: text, CR, LF, colours, cursor up, clear to the end. */
export class Screen {
  columns: number;
  /** All that was written. */
  readonly writes: string[] = [];
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.columns = columns;
  }

  write(text: string): void {
    this.writes.push(text);
    // oxlint-disable-next-line no-control-regex -- the escape is what is looked for
    for (const [token] of text.matchAll(/\u001b\[\d*[A-Za-z]|[\s\S]/gu)) this.#take(token);
  }

  /** What a person sees, without the empty rows at the end. */
  lines(): readonly string[] {
    const lines = this.#rows.map((row) => row.join('').trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Wraps what is there at the new width, as terminals do. */
  resize(columns: number): void {
    const cursorLine = this.#row;
    const wrapped = this.#rows.map((row) => {
      const pieces: string[][] = [];
      for (let from = 0; from === 0 || from < row.length; from += columns) pieces.push(row.slice(from, from + columns));
      return pieces;
    });
    this.#row = wrapped.slice(0, cursorLine).flat().length;
    this.#rows = wrapped.flat();
    this.columns = columns;
  }

  #take(token: string): void {
    if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#down();
    else if (token === '\u001b[K') this.#line().length = Math.min(this.#line().length, this.#column);
    else if (token === '\u001b[J') {
      this.#line().length = Math.min(this.#line().length, this.#column);
      this.#rows.length = this.#row + 1;
    } else if (token.startsWith('\u001b[') && token.endsWith('A'))
      this.#row = Math.max(0, this.#row - Number(token.slice(2, -1)));
    else if (token.startsWith('\u001b[') && token.endsWith('m')) return;
    else if (token.startsWith('\u001b')) throw new Error(`unknown control ${JSON.stringify(token)}`);
    else this.#put(token);
  }

  #put(character: string): void {
    if (this.#column >= this.columns) this.#down();
    const line = this.#line();
    while (line.length < this.#column) line.push(' ');
    line[this.#column] = character;
    this.#column += 1;
  }

  #down(): void {
    this.#row += 1;
    this.#column = 0;
    this.#line();
  }

  #line(): string[] {
    while (this.#rows.length <= this.#row) this.#rows.push([]);
    return this.#rows[this.#row] ?? [];
  }
}
