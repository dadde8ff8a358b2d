import type { Message } from './message.ts';
import type { Notice } from '../pool/notice.ts';

/** A mail, as its reader sees it. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
}

const longestSubject = 150;

/** The mail of a message: one notice, or several that came together. Plain text. */
export function mailText(message: Message): MailText {
  const { notices } = message;
  const [first] = notices;
  if (first === undefined) return { subject: '[regrow]', text: '' };
  const subject = `[regrow ${first.pool}] ${notices.length === 1 ? headline(first) : manyHeadline(notices)}`;
  const list = notices.length === 1 ? [] : [notices.map((each) => `- ${headline(each)}`).join('\n')];
  const parts = [...list, ...notices.map((each) => section(each)), footer(first)];
  return { subject: oneLine(subject).slice(0, longestSubject), text: `${parts.join('\n\n')}\n` };
}

/** What happened, to whom: `webbox2: fault opened: ping failed`. */
export function headline({ node, summary }: Notice): string {
  return oneLine(node === null ? summary : `${node}: ${summary}`);
}

function manyHeadline(notices: readonly Notice[]): string {
  const nodes = [...new Set(notices.flatMap(({ node }) => (node === null ? [] : [node])))];
  const named = nodes.length > 5 ? [...nodes.slice(0, 5), `and ${nodes.length - 5} more`] : nodes;
  return `${notices.length} events${named.length === 0 ? '' : `: ${named.join(', ')}`}`;
}

function section(notice: Notice): string {
  const { at, node, state, why, next, run, look } = notice;
  const rows: readonly (readonly [string, string | null])[] = [
    ['what', headline(notice)],
    ['when', `${at.slice(0, 19).replace('T', ' ')} UTC`],
    ['state', state === null ? null : `${node ?? ''} is ${state}${why === null || why === '' ? '' : `: ${why}`}`],
    ['now', next],
    ['run', run],
    ...look.map((place, index): readonly [string, string] => [index === 0 ? 'look' : '', place]),
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(6)}${oneLine(value)}`])).join('\n');
}

function footer({ pool, controller }: Notice): string {
  return `-- \nregrow, pool ${pool}, as ${controller} sees it`;
}

/** Nothing that a node or vCenter said can end a line, and so begin a header or another row. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}
