/**
 * Extra-vars as a YAML document in ASCII for `-e @file`. Every string that could be a template is tagged `!unsafe`:
 * what comes from annotations, operators or configuration is data, and is never evaluated.
 */
export function toExtraVarsYaml(value: unknown): string {
  if (typeof value === 'string') return /\{[{%#]/.test(value) ? `!unsafe ${quote(value)}` : quote(value);
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(toExtraVarsYaml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${quote(key)}: ${toExtraVarsYaml(member)}`).join(', ')}}`;
  }
  return 'null';
}

/** A double-quoted scalar that JSON and YAML 1.1 read alike, save for characters beyond U+FFFF, which YAML escapes by \U. */
function quote(text: string): string {
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\ufffd');
  return JSON.stringify(wellFormed).replace(/[^\x20-\x7e]/gu, (char) => {
    const code = (char.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}
