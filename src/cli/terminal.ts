import type { Environment } from '../config/environment.ts';

/** How large a stream's terminal is; undefined where it does not say. */
export interface TerminalSize {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The size of a stream's terminal. One of no columns or rows, as a serial console has them, does not know how many they are. */
export function sizeOf({ columns, rows }: TerminalSize): TerminalSize {
  return { columns: columns === 0 ? undefined : columns, rows: rows === 0 ? undefined : rows };
}

/** Whether a stream can be redrawn: a terminal that knows how to move its cursor. */
export function canAnimate(isTTY: boolean, env: Environment): boolean {
  return isTTY && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;
}

/** Whether more than ASCII can be shown, by the locale. */
export function knowsUnicode(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux';
}
