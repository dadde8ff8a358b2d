import { createHmac } from 'node:crypto';
import { headline } from './mail-text.ts';
import type { Message, SendResult } from './message.ts';

/** Where messages are posted. */
export interface WebhookTarget {
  readonly url: string;
  /** Null: messages are not signed. */
  readonly secret: string | null;
  readonly version: string;
}

const deadlineMs = 15_000;

/** Posts a message, signed by the rules of Standard Webhooks. Follows no redirect: a signature is for one receiver. */
export async function postWebhook(
  message: Message,
  { url, secret, version }: WebhookTarget,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<SendResult> {
  const body = webhookBody(message);
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': `regrow/${version}`,
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    ...(secret === null ? {} : { 'webhook-signature': signatureOf(secret, message.id, timestamp, body) }),
  };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    });
    await response.body?.cancel();
    return response.ok
      ? { kind: 'told', detail: `HTTP ${response.status}` }
      : { kind: 'failed', reason: `it answered HTTP ${response.status}` };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

/** The JSON that a receiver gets: the message's id, one line, and its events in order. */
function webhookBody({ id, notices }: Message): string {
  return JSON.stringify({ id, text: notices.map(headline).join('\n'), events: notices });
}

/** `v1,` and the HMAC-SHA256 of `ID.TIMESTAMP.BODY`, in base64. A secret `whsec_...` is base64 itself. */
function signatureOf(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice('whsec_'.length), 'base64')
    : Buffer.from(secret, 'utf8');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** The URL is not in it: what follows the host may be a key. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  if (error.name === 'TimeoutError') return `no answer within ${deadlineMs / 1000} s`;
  if (error.name === 'AbortError') return 'this controller ends';
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
  return error.message;
}
