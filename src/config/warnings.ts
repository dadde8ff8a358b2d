import type { DataIssue } from './issues.ts';
import { fullMeshUpTo } from '../pool/observers.ts';
import { outOfReach, outOfReachWarnings } from './out-of-reach.ts';
import { canRebuild } from './pool-policy.ts';
import type { Config } from './schema.ts';
import { configuredSecrets } from './secret-refs.ts';
import { SecretLiteral } from './secret.ts';

/** What is not wrong in a configuration, but worth a look. */
export function warningIssues(config: Config): DataIssue[] {
  return [
    ...literalSecrets(config),
    ...slowChecks(config),
    ...idleThens(config),
    ...nothingRebuilds(config),
    ...strangeQuorum(config),
    ...unheardNodes(config),
  ];
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

function idleThens({ checks, pool }: Config): DataIssue[] {
  const isRestoredSomewhere = (name: string): boolean =>
    pool.nodes.some((node) => node.checks?.[name]?.['on_failure'] === 'restore');
  return Object.entries(checks)
    .filter(([, check]) => check.then === 'rebuild' && check.on_failure !== 'restore')
    .filter(([name]) => !isRestoredSomewhere(name))
    .map(([name]): DataIssue => {
      const message = 'it follows restores that do not help, and without on_failure: restore it never does';
      return { path: ['checks', name, 'then'], message, at: 'key' };
    });
}

function nothingRebuilds({ checks, pool }: Config): DataIssue[] {
  const own = pool.nodes.flatMap((node) =>
    Object.entries(node.checks ?? {}).flatMap(([name, change]) =>
      change === null ? [] : [{ on_failure: 'alert', ...checks[name], ...change }],
    ),
  );
  if ([...Object.values(checks), ...own].some((check) => canRebuild(check))) return [];
  return [
    { path: ['checks'], message: 'no check has on_failure: rebuild, so no node is ever rebuilt by itself', at: 'key' },
  ];
}

/** A count of voices that no fault can have, or that one controller has by itself. */
function strangeQuorum({ pool, safety }: Config): DataIssue[] {
  const { quorum, witnesses } = safety;
  // All but the node itself, and vCenter.
  const most = pool.nodes.length + witnesses.length;
  if (quorum === 'majority' || pool.nodes.length < 2) return [];
  const message =
    quorum === 1
      ? 'what one controller sees is enough for a rebuild, also when it is the one at fault'
      : `no fault has so many voices: the other nodes, the witnesses and vCenter are ${most}`;
  const isStrange = quorum === 1 || (pool.nodes.length <= fullMeshUpTo && quorum > most);
  return isStrange ? [{ path: ['safety', 'quorum'], message, at: 'value' }] : [];
}

function unheardNodes(config: Config): DataIssue[] {
  return outOfReach(config).map((key) => ({ path: ['http', key], message: outOfReachWarnings[key], at: 'value' }));
}
