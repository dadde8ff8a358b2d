import { InvalidArgumentError } from 'commander';

const defaultPort = 8460;

/** A controller's address: a URL, or a host with or without a port. */
export function serverArgument(text: string): string {
  const isBare = !/^https?:\/\//i.test(text);
  const full = isBare ? `http://${text}` : text;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '')
    throw new InvalidArgumentError('Expected a URL such as http://webbox2:8460, or a host.');
  if (isBare && url.port === '') url.port = String(defaultPort);
  return url.origin;
}
