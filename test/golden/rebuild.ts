import type { Outcome, VmIdentity } from '../../src/pool/outcome.ts';
import { isSameVm } from '../../src/pool/node-state.ts';
import { BuildFailed, VCenterUnreachable, type Claim, type VCenter, type Vm } from './vcenter.ts';

/** The steps of a rebuild and of a restore, and how long each takes. What a step does, it does at its end. */
export const stepMs = {
  look: 6_000,
  claim: 2_000,
  fence: 4_000,
  create: 30_000,
  boot: 20_000,
  load: 20_000,
  certify: 4_000,
  retire: 4_000,
  restore: 12_000,
} as const;
export type StepName = keyof typeof stepMs;

/** What became of a rebuild, as a run tells its controller. */
export interface Ended {
  readonly outcome: Outcome;
  readonly gate: string | null;
  readonly message: string;
  readonly by: string | null;
  /** It counts as an attempt. */
  readonly isAttempt: boolean;
}

/** What a rebuild is about, and what its machine offers. */
export interface Site {
  readonly node: string;
  readonly judged: VmIdentity | null;
  readonly run: string;
  readonly by: string;
  readonly maxBuilds: number;
  /** Throws when this machine cannot reach it. */
  vcenter(): VCenter;
  /** Restores the node; false when it cannot be reached. */
  restore(): boolean;
  /** A VM's guest works, and this machine reaches it. */
  reaches(vm: Vm): boolean;
  /** The pool's checks of the node, measured now. */
  probe(): 'ok' | 'failed' | 'unknown';
  /** This machine may end the claim: its run is over, or this controller saw it unchanged for longer than D. */
  mayEnd(claim: Claim): boolean;
}

/** A restore: one step over ssh. */
export function* restoreSteps(site: Site): Generator<StepName, Ended, void> {
  yield 'restore';
  return site.restore()
    ? ended('restored', `the settings, files and services of ${site.node} are as configured`)
    : { ...ended('failed', `${site.node} cannot be reached by ssh`) };
}

/** A rebuild in the order of docs/protocol.md, in short: it stops before each step, for as long as the step takes. */
export function* rebuildSteps(site: Site): Generator<StepName, Ended, void> {
  let claim: Claim | undefined;
  try {
    yield 'look';
    const seen = look(site);
    if ('outcome' in seen) return seen;
    yield 'claim';
    const { node, run, by } = site;
    claim = site.vcenter().claim({ node, run, by, incident: seen.incident, generation: seen.generation });
    if (claim === undefined) return ended('lost_race', 'another controller has the claim', otherOf(site, seen));
    return yield* underClaim(site, seen, claim);
  } catch (error) {
    if (!(error instanceof BuildFailed) && !(error instanceof VCenterUnreachable)) throw error;
    if (claim !== undefined) abandon(site, claim);
    return { ...ended('failed', error.message), isAttempt: error instanceof BuildFailed };
  }
}

/** What is to be rebuilt: an incident, its next generation, and the VM that has the name. */
interface Seen {
  readonly incident: string;
  readonly generation: number;
  readonly named: Vm | undefined;
}

function look(site: Site): Seen | Ended {
  const vcenter = site.vcenter();
  const [named, second] = vcenter.listed(site.node);
  if (second !== undefined) return refused('ambiguous_name', `two VMs are called ${site.node}`);
  if (named !== undefined && named.mark === null) return refused('not_certified', `${site.node} has no mark of regrow`);
  if (named?.mark?.kind === 'certified') {
    for (const old of vcenter.quarantined(site.node)) vcenter.destroy(old, site.by);
    if (site.judged !== null && !isSameVm(site.judged, named))
      return ended('already_replaced', 'another VM is certified');
  }
  const incident = incidentOf(site, named);
  const claims = vcenter.claimsOf(incident);
  const open = claims.find(({ decision }) => decision === 'open');
  if (open !== undefined) {
    if (!site.mayEnd(open)) return ended('in_progress_elsewhere', `${open.by} is rebuilding it`, open.by);
    vcenter.decide(open, 'abort', site.by);
  }
  const committed = claims.find(({ decision }) => decision === 'commit');
  if (committed !== undefined) return finished(site, committed);
  if (named?.mark?.kind === 'building') vcenter.destroy(named, site.by);
  if (named !== undefined && named.connection !== 'connected')
    return refused('host_not_connected', `the host of ${named.moid} is ${named.connection}`);
  if (claims.filter(({ built }) => built !== null).length >= site.maxBuilds)
    return refused('exhausted', `${site.maxBuilds} builds failed`);
  const probed = named?.mark?.kind === 'certified' ? site.probe() : 'failed';
  if (probed === 'ok') return ended('already_healthy', `${site.node} is healthy`);
  if (probed === 'unknown') return refused('probe_unknown', `${site.node} cannot be measured`);
  return { incident, generation: claims.length + 1, named: named?.mark?.kind === 'certified' ? named : undefined };
}

function incidentOf(site: Site, named: Vm | undefined): string {
  if (named?.mark?.kind === 'building') return named.mark.incident;
  const { node, judged } = site;
  const old = named ?? site.vcenter().quarantined(node)[0] ?? judged;
  return `${node}/${old?.moid ?? 'none'}`;
}

/** What somebody committed is certified, and what it replaced destroyed. */
function finished(site: Site, { built }: Claim): Ended {
  const vcenter = site.vcenter();
  const vm = vcenter.vms.find(({ moid }) => moid === built);
  if (vm === undefined) return refused('committed_vm_missing', `${built} was committed and is not there`);
  vcenter.certify(vm, site.by);
  for (const old of vcenter.quarantined(site.node)) vcenter.destroy(old, site.by);
  return ended('already_replaced', 'finished what another controller had committed');
}

function* underClaim(site: Site, seen: Seen, claim: Claim): Generator<StepName, Ended, void> {
  const { by } = site;
  const { named } = seen;
  const guard = guardUnderClaim(site, named);
  if (guard !== undefined) {
    site.vcenter().decide(claim, 'abort', by);
    return guard;
  }
  yield 'fence';
  for (const old of named === undefined ? site.vcenter().quarantined(site.node) : [named]) {
    // Of a host that is not connected, vCenter tells what it knew last.
    if (old.power === 'on' && old.connection !== 'connected') {
      site.vcenter().decide(claim, 'abort', by);
      return refused('fence_unproven', `vCenter does not say that ${old.moid} is off`);
    }
    site.vcenter().powerOff(old, by);
    site.vcenter().quarantine(old, by);
  }
  yield 'create';
  const vm = site.vcenter().deploy(claim, by);
  if (vm === undefined) {
    site.vcenter().decide(claim, 'abort', by);
    return ended('lost_race', 'the name is taken');
  }
  yield 'boot';
  site.vcenter().powerOn(vm, by);
  if (site.vcenter().isImageBroken) throw new BuildFailed('address_timeout', 'the new VM got no address');
  yield 'load';
  if (!site.vcenter().vms.includes(vm)) throw new BuildFailed('ssh_unreachable', 'the new VM is gone');
  if (!site.reaches(vm)) throw new BuildFailed('ssh_unreachable', 'the new VM does not answer');
  yield 'certify';
  return yield* decided(site, claim, vm);
}

function* decided(site: Site, claim: Claim, vm: Vm): Generator<StepName, Ended, void> {
  const { by } = site;
  if (site.vcenter().decide(claim, 'commit', by) !== 'commit') {
    site.vcenter().destroy(vm, by);
    return ended('lost_race', `another controller ended generation ${claim.generation}`);
  }
  site.vcenter().certify(vm, by);
  yield 'retire';
  for (const old of site.vcenter().quarantined(site.node)) site.vcenter().destroy(old, by);
  return ended('rebuilt', `${site.node} is rebuilt and certified`);
}

function guardUnderClaim(site: Site, named: Vm | undefined): Ended | undefined {
  const [now] = site.vcenter().listed(site.node);
  if (now !== named) return ended('already_replaced', 'another VM has the name');
  if (named !== undefined && named.connection !== 'connected')
    return refused('host_not_connected', `the host of ${named.moid} is ${named.connection}`);
  return named !== undefined && site.probe() === 'ok' ? ended('already_healthy', `${site.node} is healthy`) : undefined;
}

/** Ends the own generation and removes what it built, as far as vCenter can be reached. */
export function abandon(site: Pick<Site, 'vcenter' | 'by'>, claim: Claim): void {
  try {
    const vcenter = site.vcenter();
    if (vcenter.decide(claim, 'abort', site.by) !== 'abort') return;
    const built = vcenter.vms.find(({ moid }) => moid === claim.built);
    if (built?.mark?.kind === 'building') vcenter.destroy(built, site.by);
  } catch (error) {
    if (!(error instanceof VCenterUnreachable)) throw error;
  }
}

function otherOf(site: Site, { incident, generation }: Seen): string | null {
  return (
    site
      .vcenter()
      .claimsOf(incident)
      .find((claim) => claim.generation === generation)?.by ?? null
  );
}

function ended(outcome: Outcome, message: string, by: string | null = null): Ended {
  return { outcome, gate: null, message, by, isAttempt: true };
}

function refused(gate: string, message: string): Ended {
  return { outcome: 'refused', gate, message, by: null, isAttempt: true };
}
