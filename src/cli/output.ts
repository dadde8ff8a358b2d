/** The forms in which a reading command answers. */
export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Where text goes: the program's stdout or stderr, or a list in a test. */
export interface Writer {
  write(text: string): void;
}

/** Emphasis for people. Every function returns its text unchanged where colour is not allowed. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** The style for a stream that does or does not allow colour. */
export function styleFor(colour: boolean): Style {
  const paint =
    ([on, off]: readonly [number, number]) =>
    (text: string) =>
      colour && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(codes.bold),
    dim: paint(codes.dim),
    red: paint(codes.red),
    green: paint(codes.green),
    yellow: paint(codes.yellow),
  };
}

/**
 * Columns aligned by their widest cell, two spaces apart, headings first. Cells may hold colour; it takes no width.
 * Control characters in cells are shown escaped, so that data cannot move the cursor. Ends with a newline.
 */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[], style?: Style): string {
  const cells = rows.map((row) => headings.map((_, column) => printable(row[column] ?? '')));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => width(row[column] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd();
  const heading = line(headings);
  return [style ? style.bold(heading) : heading, ...cells.map(line)].join('\n') + '\n';
}

// oxlint-disable-next-line eslint/no-control-regex -- these are the very characters that are looked for
const colourCode = /\u001b\[\d+m/g;

function width(cell: string): number {
  return Array.from(cell.replace(colourCode, '')).length;
}

/** One line of text in which control characters, other than our own colour codes, are shown as escapes. */
export function printable(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- as above
  return text.replace(/\u001b\[\d+m|[\u0000-\u001f\u007f-\u009f]/g, (match) =>
    match.length > 1 ? match : `\\x${match.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** Data in one of the forms for programs. Ends with a newline. */
export async function renderData(data: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') return JSON.stringify(data, null, 2) + '\n';
  const { dump } = await import('js-yaml');
  // Through JSON first: what a class hides in toJSON stays hidden, and both forms say the same.
  return dump(JSON.parse(JSON.stringify(data)), { lineWidth: -1 });
}
