import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { resultOfError, stopwatch, type ProbeResult } from './probe-result.ts';

/** What a web page must be like. */
export interface HttpExpectation {
  /** Complete, with every placeholder filled in. */
  readonly url: string;
  /** Status codes that count as success; null: 200 to 399. */
  readonly status: readonly number[] | null;
  /** Text that the page must hold, or null. */
  readonly text: string | null;
  readonly validateCerts: boolean;
  /** For everything together: connection, headers and body. */
  readonly timeoutMs: number;
}

const maxBodyBytes = 1024 * 1024;

/** Whether a web page answers as expected. Redirects are not followed; at most 1 MiB of the page is read. */
export async function probeHttp(expected: HttpExpectation): Promise<ProbeResult> {
  const elapsed = stopwatch();
  return new Promise((resolve) => {
    const url = new URL(expected.url);
    const options = { agent: false, headers: { 'user-agent': 'regrow', connection: 'close' } };
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, rejectUnauthorized: expected.validateCerts })
        : requestHttp(url, options);
    const end = (result: ProbeResult): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    const failed = (detail: string): void => end({ status: 'failed', latencyMs: elapsed(), detail });
    const timer = setTimeout(() => failed(`no complete answer within ${expected.timeoutMs} ms`), expected.timeoutMs);
    request.on('error', (error) => end(resultOfError(error, elapsed())));
    request.on('response', (response) => {
      const statusCode = response.statusCode ?? 0;
      if (!isExpectedStatus(statusCode, expected.status)) return failed(`status ${statusCode}`);
      const ok = (): void => end({ status: 'ok', latencyMs: elapsed(), detail: `status ${statusCode}` });
      return readPage(response, expected.text, { ok, failed });
    });
    request.end();
  });
}

function isExpectedStatus(status: number, expected: readonly number[] | null): boolean {
  return expected === null ? status >= 200 && status < 400 : expected.includes(status);
}

interface Verdict {
  readonly ok: () => void;
  readonly failed: (detail: string) => void;
}

function readPage(response: IncomingMessage, text: string | null, { ok, failed }: Verdict): void {
  let page = '';
  let bytes = 0;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    bytes += Buffer.byteLength(chunk);
    page += text === null ? '' : chunk;
    if (text !== null && page.includes(text)) ok();
    else if (bytes > maxBodyBytes)
      (text === null ? ok : () => failed('the text is not in the first MiB of the page'))();
  });
  response.on('end', () => (text === null ? ok() : failed('the page does not hold the text')));
  response.on('error', () => failed('the connection broke within the page'));
  response.on('aborted', () => failed('the connection broke within the page'));
}
