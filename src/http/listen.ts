import type { FastifyInstance } from 'fastify';
import { parseListenAddress } from '../config/listen-address.ts';
import { RegrowError } from '../errors.ts';
import { codeOf } from './problem.ts';

/** Has the server listen on `host:port`. Throws HTTP_UNAVAILABLE, with a remedy, when the address cannot be had. */
export async function listen(app: FastifyInstance, text: string): Promise<string> {
  const address = parseListenAddress(text);
  if (address === undefined) throw unavailable(text, 'it is no host:port');
  try {
    return await app.listen(address);
  } catch (error) {
    await app.close();
    throw unavailable(text, codeOf(error) ?? 'unknown reason', error);
  }
}

function unavailable(listenText: string, reason: string, cause?: unknown): RegrowError {
  const port = listenText.slice(listenText.lastIndexOf(':') + 1);
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program has it: see which (ss -ltnp 'sport = :${port}'). If it is not another regrow, choose another port in http.listen.`,
    EADDRNOTAVAIL: 'This machine does not have that address now: see ip address, and http.listen.',
    EACCES: 'A port below 1024 needs privileges: choose a higher one in http.listen.',
  };
  return new RegrowError('HTTP_UNAVAILABLE', `Nobody can listen on ${listenText} (http.listen): ${reason}.`, {
    facts: { listen: listenText, reason },
    remedy: remedies[reason] ?? 'See http.listen in the configuration.',
    cause,
  });
}
