import type { Environment } from '../config/environment.ts';

/** Whether a stream can be redrawn: a terminal that knows how to move its cursor. */
export function canAnimate(isTTY: boolean, env: Environment): boolean {
  return isTTY && env['TERM'] !== 'dumb' && env['TERM'] !== undefined;
}

/** Whether more than ASCII can be shown, by the locale. */
export function knowsUnicode(env: Environment): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'linux';
}
