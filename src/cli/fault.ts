import { RegrowError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import { printable, type Style } from './output.ts';

/** The exit code that a thrown error means. */
export function exitCodeOfError(error: unknown): number {
  return error instanceof RegrowError ? exitCodeOfCode(error.code) : exitCodes.fault;
}

function exitCodeOfCode(code: ErrorCode): number {
  switch (code) {
    case 'CONFIG_INVALID':
    case 'CONFIG_NOT_FOUND':
    case 'CONFIG_EXISTS':
    case 'CONFIG_NOT_WRITTEN':
    case 'FILE_NOT_WRITTEN':
    case 'ANSWERS_MISSING':
    case 'SECRET_UNAVAILABLE':
    case 'NODE_UNKNOWN':
    case 'RUN_UNKNOWN':
    case 'CONFIRMATION_MISSING':
    case 'TOKEN_REFUSED':
      return exitCodes.usage;
    case 'SLOT_BUSY':
    case 'CONTROLLER_RUNNING':
      return exitCodes.busy;
    case 'CONTROLLER_UNREACHABLE':
      return exitCodes.unreachable;
    case 'JOURNAL_UNUSABLE':
    case 'ANSIBLE_MISSING':
    case 'DISCOVERY_FAILED':
    case 'HTTP_UNAVAILABLE':
    case 'RUN_FINISHED':
    case 'UNIT_DIFFERS':
    case 'SYSTEMD_REFUSED':
      return exitCodes.fault;
  }
}

/** What to tell people: what failed, where, and what to do now. Ends with a newline. */
export function describeError(error: unknown, style: Style): string {
  if (!(error instanceof RegrowError)) return describeDefect(error, style);
  const lines = error.message.split('\n').map((line) => printable(line));
  const remedy = error.remedy === undefined ? [] : [`${style.bold('what to do:')} ${printable(error.remedy)}`];
  return [`${style.red('error:')} ${lines[0] ?? ''}`, ...lines.slice(1), ...remedy].join('\n') + '\n';
}

/** An error that nobody foresaw: its stack is what a report of it needs. */
function describeDefect(error: unknown, style: Style): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${style.red('unexpected error:')} ${text}\n${style.bold('what to do:')} report this as a defect of regrow\n`;
}
