import type { ClientRequest, IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { RegrowError } from '../errors.ts';
import type { PoolReport } from '../pool/report.ts';
import { isPoolReport } from './report-reader.ts';

/** What came of asking a controller. `nobody`: nothing listens there. `silent`: something does, and gives no report. */
export type Asked =
  | { readonly kind: 'report'; readonly report: PoolReport }
  | { readonly kind: 'nobody'; readonly reason: string }
  | { readonly kind: 'silent'; readonly reason: string };

/** Asks a controller for its pool. The signal breaks it off. */
export type Asker = (signal?: AbortSignal) => Promise<Asked>;

const maxBytes = 16 * 1024 * 1024;
const nobodyCodes = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL'];

/**
 * Asks the controller at that URL (`http://host:port`) for its pool. Never throws. `ca`: PEM that the controller of this machine is
 * proven with, whatever name its certificate has.
 */
export async function askController(url: string, timeoutMs: number, signal?: AbortSignal, ca?: string): Promise<Asked> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const text = await get(`${url}/v1/status`, signal === undefined ? limit : AbortSignal.any([limit, signal]), ca);
    const value: unknown = JSON.parse(text);
    return isPoolReport(value)
      ? { kind: 'report', report: value }
      : { kind: 'silent', reason: 'what answers there is no controller of this version' };
  } catch (error) {
    if (limit.aborted) return { kind: 'silent', reason: `no answer within ${timeoutMs / 1000} s` };
    if (error instanceof SyntaxError) return { kind: 'silent', reason: 'what answers there is no controller' };
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    const reason = error instanceof Error ? error.message || (code ?? error.name) : String(error);
    return { kind: code !== undefined && nobodyCodes.includes(code) ? 'nobody' : 'silent', reason };
  }
}

/** What a controller answered to a POST. */
export interface Posted {
  readonly status: number;
  /** As data; the text when it is no JSON. */
  readonly body: unknown;
}

/** What is posted. `ca`: as `askController` has it. */
export interface PostParts {
  readonly token: string;
  readonly body: string;
  readonly key: string;
  readonly ca?: string | undefined;
}

/** Posts JSON to a controller. Throws when nobody answers in time. */
export async function post(
  url: string,
  path: string,
  { token, body, key, ca }: PostParts,
  timeoutMs: number,
): Promise<Posted> {
  const request = await requestFunction(url);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'idempotency-key': key,
    accept: 'application/json',
  };
  const options = { method: 'POST', headers, agent: false, signal: AbortSignal.timeout(timeoutMs), ...proofBy(ca) };
  return new Promise((resolve, reject) => {
    const asked = request(url + path, options);
    asked.on('error', reject);
    asked.on('response', (response) => {
      textOf(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, body: dataOf(text) }),
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      );
    });
    asked.end(body);
  });
}

function dataOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The controller of this machine is known by its certificate alone: its addresses are none that certificates name. */
function proofBy(ca: string | undefined): RequestOptions {
  return ca === undefined ? {} : { ca, checkServerIdentity: () => undefined };
}

/** The text at a URL. Node's own client is used: `fetch` takes longer to load than a controller takes to answer. */
export async function get(url: string, signal: AbortSignal, ca: string | undefined): Promise<string> {
  const request = await requestFunction(url);
  return new Promise((resolve, reject) => {
    const asked = request(url, { signal, agent: false, headers: { accept: 'application/json' }, ...proofBy(ca) });
    asked.on('error', reject);
    asked.on('response', (response) => {
      read(response).then(resolve, reject);
    });
    asked.end();
  });
}

async function requestFunction(url: string): Promise<(url: string, options: RequestOptions) => ClientRequest> {
  return url.startsWith('https:') ? (await import('node:https')).request : (await import('node:http')).request;
}

async function read(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`it answers ${response.statusCode} ${response.statusMessage}`);
  }
  return textOf(response);
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > maxBytes) throw new Error('its answer is too long');
  }
  return text;
}

/** What `--server` says when nobody answers there. */
export function unreachable(server: string, reason: string): RegrowError {
  return new RegrowError('CONTROLLER_UNREACHABLE', `No controller answers at ${server}: ${reason}.`, {
    facts: { server, reason },
    remedy: 'See that regrow runs there (systemctl status regrow), and that http.listen lets this machine reach it.',
  });
}
