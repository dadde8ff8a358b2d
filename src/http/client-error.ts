import type { Socket } from 'node:net';
import { codeOf, problemBody, securityHeaders } from './problem.ts';

/** What is no HTTP, or comes too slowly. There is no request yet, so the answer is written by hand. */
export function refuseNoise(error: Error, socket: Socket): void {
  const status =
    codeOf(error) === 'HPE_HEADER_OVERFLOW' ? 431 : codeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  if (codeOf(error) === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemBody({ status, detail: 'The request cannot be understood.' });
  const headers = { ...securityHeaders, 'content-type': 'application/problem+json', connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} Refused\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
}
