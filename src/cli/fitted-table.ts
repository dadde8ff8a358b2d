import type { Look } from './look.ts';
import { renderTable } from './output.ts';
import { displayWidth, withoutColour, wrap } from './terminal-text.ts';

/** Narrower than this a column is not worth wrapping: the terminal does it. */
const leastColumns = 24;

/** A table whose last column, of plain text, is wrapped into what the others leave of the terminal. Ends with a newline. */
export function fittedTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { style, columns }: Pick<Look, 'style' | 'columns'>,
): string {
  const others = renderTable(headings.slice(0, -1), rows).split('\n');
  const taken = Math.max(0, ...others.map((line) => displayWidth(withoutColour(line))));
  const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - taken - 2;
  if (room < leastColumns) return renderTable(headings, rows, style);
  const last = headings.length - 1;
  const wrapped = rows.flatMap((row) => {
    const [first = '', ...more] = wrap(row[last] ?? '', room);
    return [[...row.slice(0, last), first], ...more.map((line) => [...headings.slice(1).map(() => ''), line])];
  });
  return renderTable(headings, wrapped, style);
}
