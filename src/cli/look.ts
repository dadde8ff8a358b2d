import type { CliContext } from './context.ts';
import type { Style, Writer } from './output.ts';
import { knowsUnicode, sizeOf, type TerminalSize } from './terminal.ts';

/** How text for people is to look. */
export interface Look {
  readonly style: Style;
  readonly isUnicode: boolean;
  /** Of the terminal; undefined elsewhere: then lines are as long as they are. */
  readonly columns: number | undefined;
  /** Of the terminal; undefined elsewhere: then there are as many lines as there are. */
  readonly rows?: number | undefined;
}

/** How text looks on this program's stdout. */
export function lookOf({ stdout, isTTY, style, env }: CliContext): Look {
  const terminal: Writer & TerminalSize = stdout;
  const { columns, rows } = isTTY.stdout ? sizeOf(terminal) : {};
  return { style, isUnicode: knowsUnicode(env), columns, rows };
}
