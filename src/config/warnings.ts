import type { DataIssue } from './issues.ts';
import { outOfReach, outOfReachWarnings } from './out-of-reach.ts';
import type { Config } from './schema.ts';
import { configuredSecrets } from './secret-refs.ts';
import { SecretLiteral } from './secret.ts';

/** What is not wrong in a configuration, but worth a look. */
export function warningIssues(config: Config): DataIssue[] {
  return [...literalSecrets(config), ...slowChecks(config), ...nothingRebuilds(config), ...unheardNodes(config)];
}

function literalSecrets(config: Config): DataIssue[] {
  return configuredSecrets(config)
    .filter(({ source }) => source instanceof SecretLiteral)
    .map(({ path }) => {
      const references = path[0] === 'pool' ? '{file: /path}' : '{file: /path} or {env: NAME}';
      return { path, message: `a literal secret: ${references} keeps it out of this file`, at: 'value' };
    });
}

type Timed = Pick<Config['checks'][string], 'timeout' | 'interval'>;

function slowChecks(config: Config): DataIssue[] {
  const sections: readonly (readonly [string, Readonly<Record<string, Timed>>])[] = [
    ['checks', config.checks],
    ['host_checks', config.host_checks],
  ];
  return sections.flatMap(([section, checks]) =>
    Object.entries(checks)
      .filter(([, check]) => check.timeout > check.interval)
      .map(([name]): DataIssue => {
        const message = 'the timeout is longer than the interval: a slow measurement delays the next one';
        return { path: [section, name], message, at: 'key' };
      }),
  );
}

function nothingRebuilds(config: Config): DataIssue[] {
  const checks = [
    ...Object.values(config.checks),
    ...config.pool.nodes.flatMap((node) => Object.values(node.checks ?? {})),
  ];
  if (checks.some((check) => check !== null && (check['on_failure'] === 'rebuild' || check['then'] === 'rebuild')))
    return [];
  return [
    { path: ['checks'], message: 'no check has on_failure: rebuild, so no node is ever rebuilt by itself', at: 'key' },
  ];
}

function unheardNodes(config: Config): DataIssue[] {
  return outOfReach(config).map((key) => ({ path: ['http', key], message: outOfReachWarnings[key], at: 'value' }));
}
