import { isIPv6 } from 'node:net';

/** What a check's URL or command may ask for. */
export interface PlaceholderValues {
  readonly address: string;
  readonly name: string;
}

const pattern = /\{\{\s*(address|name)\s*\}\}/g;

/** Whether the text holds no other template than `{{ address }}` and `{{ name }}`. */
export function hasOnlyKnownPlaceholders(text: string): boolean {
  return !/\{\{|\}\}|\{%|%\}|\{#/.test(text.replace(pattern, ''));
}

/** The text with `{{ address }}` and `{{ name }}` filled in. */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  return text.replace(pattern, (_, key: string) => (key === 'address' ? values.address : values.name));
}

/** As `fillPlaceholders`, for a URL: an IPv6 address gets its brackets. */
export function fillUrl(text: string, values: PlaceholderValues): string {
  const address = isIPv6(values.address) ? `[${values.address}]` : values.address;
  return fillPlaceholders(text, { ...values, address });
}

/** Whether a check's URL is one of http or https, without a user or password in it, once it is filled in. */
export function isCheckUrl(text: string): boolean {
  if (!hasOnlyKnownPlaceholders(text)) return false;
  const filled = fillUrl(text, { address: '192.0.2.1', name: 'node' });
  if (!URL.canParse(filled)) return false;
  const url = new URL(filled);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
