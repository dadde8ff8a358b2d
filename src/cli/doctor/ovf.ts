/** A file that an OVF refers to. */
export interface OvfFile {
  readonly href: string;
  /** In bytes; undefined when the OVF does not say. */
  readonly size: number | undefined;
}

/** What an OVF says that matters to a deployment. */
export interface Ovf {
  readonly files: readonly OvfFile[];
  readonly networks: readonly string[];
}

interface OvfTag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Comments, CDATA, instructions, and tags; quotes may hold `>`. */
const tokenPattern =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<!|<(\/?)([A-Za-z_][\w.:-]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*?)(\/?)>|</g;
const attributePattern = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Reads an OVF descriptor, or says why it is none. A small XML reader: well-formed tags, no document type (and so no
 * entities that could blow up). Names are taken without their namespace prefix.
 */
export function parseOvf(text: string): Ovf | string {
  const tags: OvfTag[] = [];
  const open: string[] = [];
  let roots = 0;
  for (const match of text.matchAll(tokenPattern)) {
    const [token, closing, name = '', attributes = '', selfClosing] = match;
    if (token === '<!') return 'it has a document type, which is not allowed here';
    if (token === '<') return `line ${lineAt(text, match.index)}: broken XML`;
    if (name === '') continue;
    if (closing === '/') {
      if (open.pop() !== name) return `line ${lineAt(text, match.index)}: </${name}> closes nothing`;
      continue;
    }
    if (open.length === 0 && ++roots > 1) return `line ${lineAt(text, match.index)}: a second root element`;
    tags.push({ name: local(name), attributes: attributesIn(attributes) });
    if (selfClosing !== '/') open.push(name);
  }
  if (open.length > 0) return `<${open.at(-1)}> is not closed`;
  if (tags[0]?.name !== 'Envelope') return 'it is no OVF: the root element is not Envelope';
  return { files: filesOf(tags), networks: namesOf(tags, 'Network') };
}

function filesOf(tags: readonly OvfTag[]): OvfFile[] {
  return tags
    .filter(({ name, attributes }) => name === 'File' && attributes.has('href'))
    .map(({ attributes }) => {
      const size = Number(attributes.get('size') ?? Number.NaN);
      return { href: attributes.get('href') ?? '', size: Number.isSafeInteger(size) ? size : undefined };
    });
}

function namesOf(tags: readonly OvfTag[], kind: string): string[] {
  return tags.flatMap(({ name, attributes }) =>
    name === kind && attributes.has('name') ? [attributes.get('name') ?? ''] : [],
  );
}

function attributesIn(text: string): ReadonlyMap<string, string> {
  const pairs = [...text.matchAll(attributePattern)];
  return new Map(pairs.map(([, name = '', double, single]) => [local(name), unescaped(double ?? single ?? '')]));
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => named[name] ?? '');
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
