/** A reason not to act: coded, shown, and tested. docs/safety.md lists every gate. */
export interface Hold {
  readonly gate: string;
  readonly message: string;
  /** Whether the operator may override it by name. Identity, claim and fence proof never are. */
  readonly forceable: boolean;
}

/** What a gate says, for the decision, for `explain` and for the record. */
export interface GateResult {
  readonly gate: string;
  readonly holds: boolean;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What the controller itself knows before it starts a rebuild; vCenter's part is judged by the playbook under its claim. */
export interface RebuildCase {
  readonly node: string;
  /** This machine's own node name; null on an admin host. */
  readonly self: string | null;
  /** This machine was a node of the pool, and was taken out of it. */
  readonly isTakenOut: boolean;
  readonly pauses: readonly { readonly scope: string; readonly reason: string; readonly until: string | null }[];
  readonly mode: 'act' | 'dry-run' | 'approve';
  /** An operator asked by hand: that is the approval. */
  readonly byHand: boolean;
  readonly force: readonly string[];
}

/** Gates in their order, as those that hold. An empty list passes. */
export function holdsAgainst(rebuild: RebuildCase): readonly Hold[] {
  const holds: Hold[] = [];
  if (rebuild.self === rebuild.node) {
    holds.push({
      gate: 'own_node',
      message: `${rebuild.node} is this machine: another node has to rebuild it`,
      forceable: false,
    });
  }
  if (rebuild.isTakenOut) {
    holds.push({
      gate: 'taken_out',
      message: 'this machine was taken out of the pool: it rebuilds nobody',
      forceable: false,
    });
  }
  for (const pause of rebuild.pauses.filter(({ scope }) => scope === 'pool' || scope === `node/${rebuild.node}`)) {
    const until = pause.until === null ? '' : ` until ${pause.until}`;
    holds.push({ gate: 'paused', message: `${pause.scope} is paused${until}: ${pause.reason}`, forceable: true });
  }
  if (rebuild.mode === 'dry-run') {
    holds.push({ gate: 'dry_run', message: 'safety.mode is dry-run', forceable: true });
  }
  if (rebuild.mode === 'approve' && !rebuild.byHand) {
    holds.push({ gate: 'approval', message: 'safety.mode is approve, and nobody approved', forceable: true });
  }
  return holds.filter((hold) => !(hold.forceable && rebuild.force.includes(hold.gate)));
}

/** Gates that `--force` may name: here, in the daemon, and in the playbook (`probe`, `undeclared_disks`). Never identity, claim or fence. */
export const forceableGates: readonly string[] = [
  'paused',
  'dry_run',
  'approval',
  'max_unhealthy',
  'max_concurrent',
  'max_per_hour',
  'storm',
  'self_trust',
  'cliff',
  'heartbeat',
  'quorum',
  'peer_hold',
  'rollout',
  'confirm',
  'probe',
  'undeclared_disks',
];
