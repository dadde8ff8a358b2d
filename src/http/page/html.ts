/** Text that is HTML already. Only `html` and `trusted` make it, so whatever else is put into a page is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: texts and numbers are escaped; `null`, `undefined` and `false` leave nothing. */
export type HtmlValue = string | number | Html | readonly HtmlValue[] | null | undefined | false;

/** HTML from a template in which every value is escaped, in elements as in quoted attributes. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(laidClose(parts).reduce((text, part, index) => text + textOf(values[index - 1]) + part));
}

/** Text of this program's own, such as its stylesheet. Never data. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** Text with what HTML would read as its own marks escaped. Control characters, which no reader can show, are blanks. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => entities[mark] ?? mark).replace(/[^\P{Cc}\n\t]/gu, ' ');
}

/**
 * An element that a live page keeps as long as its version is the same, and replaces otherwise. Its key is unique among its siblings.
 * With `isList`, its children are such elements, and are compared one by one.
 */
export function kept(
  tag: 'article' | 'div' | 'header' | 'li' | 'ol' | 'section' | 'tbody' | 'tr' | 'ul',
  { key, attributes = html``, isList = false }: KeptOptions,
  content: HtmlValue,
): Html {
  const inner = textOf(content);
  const version = hashOf(`${attributes.text}>${inner}`);
  const list = isList ? ' data-list' : '';
  return new Html(`<${tag} data-key="${escaped(key)}" data-v="${version}"${list}${attributes.text}>${inner}</${tag}>`);
}

export interface KeptOptions {
  readonly key: string;
  /** Begins with a blank. */
  readonly attributes?: Html;
  readonly isList?: boolean;
}

/** How the source is laid out is nothing that a reader has to load. A template's parts are the same at each of its uses. */
function laidClose(parts: TemplateStringsArray): readonly string[] {
  const known = close.get(parts);
  if (known !== undefined) return known;
  const made = parts.map((part) => part.replace(/\s*\n\s*(?=\/?>)| (?=\/>)/g, '').replace(/\n\s*/g, ' '));
  close.set(parts, made);
  return made;
}

const close = new WeakMap<TemplateStringsArray, readonly string[]>();

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function textOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value instanceof Html ? value.text : value.map(textOf).join('');
}

/** FNV-1a of the text: enough to see that something changed. */
function hashOf(text: string): string {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93) >>> 0;
  return hash.toString(36);
}
