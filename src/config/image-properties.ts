import type { Config } from './schema.ts';
import { SecretLiteral, type SecretRef } from './secret.ts';

type PropertyValue = Config['image']['properties'][string];

const secretName = /passw|pwd|passphrase|secret|token|credential|private[-_.]?key|api[-_.]?key/i;

/** Whether a value is written into the configuration itself under a name that says that nobody may see it. */
export function isSecretLiteral(name: string, value: unknown): value is string | number {
  return secretName.test(name) && ((typeof value === 'string' && value !== '') || typeof value === 'number');
}

/** Where the value of an OVF property comes from that nobody may see: a reference, or such a literal. Null: all may see it. */
export function secretOf(name: string, value: PropertyValue): SecretRef | null {
  if (typeof value === 'object') return value;
  return isSecretLiteral(name, value) ? new SecretLiteral(String(value)) : null;
}

/** A secret OVF property of the pool's image, or of a node's own. */
export interface SecretProperty {
  /** Null: of the pool's image. */
  readonly node: string | null;
  readonly name: string;
  /** Its place in the configuration. */
  readonly path: readonly PropertyKey[];
  readonly source: SecretRef;
  /** The environment variable that holds the value in a run that makes a VM. */
  readonly variable: string;
}

/** Every secret OVF property of the configuration. */
export function secretProperties({ image, pool }: Config): readonly SecretProperty[] {
  const found = [
    ...secretsIn(image.properties, null, []),
    ...pool.nodes.flatMap((node, index) =>
      secretsIn(node.image?.properties ?? {}, node.name, ['pool', 'nodes', index]),
    ),
  ];
  return found.map((property, index) => ({ ...property, variable: `REGROW_PROPERTY_${index}` }));
}

function secretsIn(
  properties: Config['image']['properties'],
  node: string | null,
  path: readonly PropertyKey[],
): readonly Omit<SecretProperty, 'variable'>[] {
  return Object.entries(properties).flatMap(([name, value]) => {
    const source = secretOf(name, value);
    return source === null ? [] : [{ node, name, path: [...path, 'image', 'properties', name], source }];
  });
}

/** An image's OVF properties in two parts: what all may see, and the variable of each that nobody may. `secrets`: the later ones hold. */
export function withoutSecretProperties(
  properties: Config['image']['properties'],
  secrets: readonly SecretProperty[],
): { readonly properties: object; readonly secret_properties: Readonly<Record<string, string>> } {
  const variables = new Map(secrets.map(({ name, variable }) => [name, variable]));
  const entries = Object.entries(properties);
  const isSecret = ([name, value]: (typeof entries)[number]): boolean => secretOf(name, value) !== null;
  return {
    properties: Object.fromEntries(entries.filter((entry) => !isSecret(entry))),
    secret_properties: Object.fromEntries(entries.filter(isSecret).map(([name]) => [name, variables.get(name) ?? ''])),
  };
}
