/** Whether the text is an http or https URL that carries no user or password. */
export function isWebUrl(text: string): boolean {
  return hasProtocol(text, ['http:', 'https:']);
}

/** Whether the text is an smtp or smtps URL that carries no user or password. */
export function isSmtpUrl(text: string): boolean {
  return hasProtocol(text, ['smtp:', 'smtps:']);
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return protocols.includes(url.protocol) && url.hostname !== '' && url.username === '' && url.password === '';
}
