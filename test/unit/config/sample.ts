import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../../../src/config/load.ts';
import type { ConfigProblem } from '../../../src/config/problem.ts';
import type { Config } from '../../../src/config/schema.ts';

/** The file that shows every key there is. */
export const contractPath = fileURLToPath(new URL('contract.yml', import.meta.url));
export const contractText = readFileSync(contractPath, 'utf8');

/** The least that a configuration must say; further top-level lines may follow. */
export const minimalText = `pool: {name: web, nodes: [web1, web2, web3]}
vcenter: {hostname: vc.example.org, username: u, password: {env: VCENTER_PASSWORD}, datacenter: dc,
  folder: /dc/vm/web, cluster: c1, datastore: ds1}
image: {ovf: /var/lib/regrow/image/core.ovf}
`;

/** The configuration of a text that must be right. */
export function configOf(text: string): Config {
  const parsed = parseConfig(text, 'regrow.yml');
  if (parsed.ok) return parsed.config;
  throw new Error(
    parsed.problems.map((problem) => `${problem.line}:${problem.column} ${problem.path} ${problem.message}`).join('\n'),
  );
}

/** The problems of a text that must be wrong. */
export function problemsOf(text: string): readonly ConfigProblem[] {
  const parsed = parseConfig(text, 'regrow.yml');
  if (parsed.ok) throw new Error('the configuration was accepted');
  return parsed.problems;
}

/** The problems as `line:column path`. */
export function placesOf(text: string): readonly string[] {
  return problemsOf(text).map(({ line, column, path }) => `${line}:${column} ${path}`);
}
