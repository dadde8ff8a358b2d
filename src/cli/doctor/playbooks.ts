import { access, constants } from 'node:fs/promises';
import { playbookPath } from '../../ansible/package-paths.ts';
import { nodeNames, nodeSettings } from '../../config/node-settings.ts';
import type { AnyCheck, Config } from '../../config/schema.ts';
import { fail, ok, warn, type Finding } from './finding.ts';

/** A playbook that the configuration names, and where. */
interface Named {
  readonly playbook: string;
  readonly item: string;
  readonly isHook: boolean;
}

/** Whether every playbook that checks and hooks name can be read here: a check without its playbook is never known, and says so to nobody. */
export async function playbookFindings(config: Config): Promise<readonly Finding[]> {
  const named = namedPlaybooks(config);
  const missing = await Promise.all(named.map(async (each) => ((await canRead(each)) ? [] : [missingOf(each)])));
  const findings = missing.flat();
  if (named.length === 0 || findings.length > 0) return findings;
  return [ok('playbooks', `of checks and hooks: ${[...new Set(named.map(({ playbook }) => playbook))].join(', ')}`)];
}

function missingOf(named: Named): Finding {
  const detail = `the playbook ${playbookPath(named.playbook)} cannot be read`;
  return named.isHook
    ? fail(named.item, detail, 'put it there on every node that builds, or take it out of hooks')
    : warn(named.item, detail, 'put it there on every node, or name one that is there');
}

async function canRead({ playbook }: Named): Promise<boolean> {
  return access(playbookPath(playbook), constants.R_OK).then(
    () => true,
    () => false,
  );
}

function namedPlaybooks(config: Config): readonly Named[] {
  const { before_rebuild: before, after_rebuild: after, restore } = config.hooks;
  const hooks = Object.entries({ before_rebuild: before, after_rebuild: after, restore }).flatMap(([key, playbooks]) =>
    playbooks.map((playbook): Named => ({ playbook, item: `hooks.${key}`, isHook: true })),
  );
  const checks = [
    ...nodeNames(config).flatMap((node) => ofChecks('checks', nodeSettings(config, node).checks)),
    ...ofChecks('host_checks', config.host_checks),
  ];
  // A check of the pool is the same on many nodes.
  return [...hooks, ...new Map(checks.map((each) => [`${each.item} ${each.playbook}`, each])).values()];
}

function ofChecks(section: string, checks: Readonly<Record<string, AnyCheck>>): readonly Named[] {
  return Object.entries(checks).flatMap(([name, check]) => {
    const { on_failure: action } = check;
    const playbooks = [
      ...(check.type === 'playbook' ? [check.playbook] : []),
      ...(typeof action === 'object' && 'playbook' in action ? [action.playbook] : []),
    ];
    return playbooks.map((playbook): Named => ({ playbook, item: `${section}.${name}`, isHook: false }));
  });
}
