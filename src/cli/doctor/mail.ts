import type { Environment } from '../../config/environment.ts';
import type { Config } from '../../config/schema.ts';
import { smtpAddress, tryMail } from '../../notify/mail.ts';
import { fail, ok, type Finding } from './finding.ts';

/** Whether the mail server greets, and lets the user log in. No mail is sent. */
export async function mailFindings({ notify }: Config, env: Environment): Promise<readonly Finding[]> {
  if (notify.mail === null) return [];
  const { host, port } = smtpAddress(notify.mail.smtp);
  const item = `mail ${host}:${port}`;
  const result = await tryMail(notify.mail, { env, signal: new AbortController().signal });
  if (result.kind === 'told') return [ok(item, result.detail)];
  return [fail(item, result.reason, 'correct notify.mail, or let this machine reach the server')];
}
