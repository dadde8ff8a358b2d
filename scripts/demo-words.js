// What the daemons' events mean to somebody who reads of them for the first time: the sentences of scripts/demo-watch. Each
// stands behind the name of the daemon that says it.

const states = {
  faulted: (node, why) => `${node} is faulted: ${why}`,
  remediating: (node, why) => `${node} is being rebuilt: ${why}`,
  warming: (node, why) => `${node} is warming up: ${why}`,
  held: (node, why) => `does not act on ${node}: ${why}`,
  exhausted: (node, why) => `gives up on ${node}: ${why}`,
  healthy: (node, why) => `${node} is healthy: ${why}`,
};
const ends = { answers: 'it answers again', replaced: 'another VM took its place', rebuilt: 'it is rebuilt' };
const plans = {
  fence: 'its plan: power the old VM off and set it aside, then build anew',
  absent: 'its plan: the old VM is not there, build anew',
  reap: 'its plan: remove the half-built VM of an attempt that was ended, then build anew',
};
const events = {
  'check.suspect': (node, { check, failures, of }) => `${node} is suspect: ${check} failed (${failures}/${of})`,
  'fault.opened': (node, { checks, abandoned_by: by }) =>
    checks ? `${node} has failed: ${[checks].flat().join(', ')}` : `${by} left ${node} half rebuilt`,
  'fault.closed': (node, { reason }) => `the fault of ${node} is over: ${ends[reason] ?? reason}`,
  'node.state': (node, { to, why }) => states[to]?.(node, why),
  'node.replaced': (node, { by }) => `vCenter shows another certified VM for ${node}, built by ${by}`,
  'gate.held': (node, { holds }) =>
    `a gate holds: ${(holds ?? []).map(({ gate, message }) => message ?? gate).join('; ')}`,
  'alert.raised': (node, { text }) => `calls a person: ${text}`,
  'action.taken': (node, { check, action }) => `${action} of ${node}, for ${check}`,
  'controller.started': () => 'its daemon has started',
  'controller.stalled': () => 'its daemon stood still for a while',
  'discovery.failed': (node, { message }) => `cannot read vCenter: ${message}`,
  'discovery.restored': () => 'reads vCenter again',
  'membership.conflict': (node, { text }) => `cannot agree on the list of nodes: ${text}`,
  'rebuild.requested': (node) => `starts to rebuild ${node}`,
  'rebuild.claimed': (node, { generation, plan }) =>
    `HAS THE CLAIM on ${node} (generation ${generation}); ${plans[plan] ?? `its plan: ${plan}`}`,
  'rebuild.fenced': (node, { gone, name }) =>
    gone ? `the old VM of ${node} is gone` : `the old VM of ${node} is off, proven, and set aside as ${name}`,
  'rebuild.created': (node, { moid }) => `deployed a new VM for ${node} from its own image: ${moid}`,
  'rebuild.addressed': (node, { address }) => `the new VM of ${node} has booted, at ${address}`,
  'rebuild.committed': (node) => `the new ${node} is loaded and verified; vCenter has the decision for it`,
  'rebuild.certified': (node) => `certified the new ${node}: from now on it is a node of the pool`,
  'rebuild.destroyed': (node, { step }) =>
    step === 'retire' || step === 'certify' ? `destroyed the old VM of ${node}` : `removed a VM of ${node} (${step})`,
  'rebuild.aborted': (node, { generation }) => `ended attempt ${generation} on ${node}`,
  'rebuild.rebuilt': (node, { message }) => message ?? `${node} is rebuilt`,
  'rebuild.lost_race': (node, { message }) => `LOST THE RACE for ${node}: ${message}`,
  'rebuild.in_progress_elsewhere': (node, { message }) => `waits: ${message}`,
  'rebuild.already_replaced': (node, { message }) => `has nothing to do: ${message}`,
  'rebuild.already_healthy': (node, { message }) => `has nothing to do: ${message}`,
  'rebuild.refused': (node, { gate, message }) => `was refused by the gate ${gate}: ${message}`,
  'rebuild.failed': (node, { message }) => `its rebuild of ${node} FAILED: ${message}`,
  'rebuild.interrupted': (node, { message }) => `its rebuild of ${node} was interrupted: ${message}`,
};
/** Steps of a run that leave no event of their own; all others do. */
const steps = {
  preflight: () => 'examines image, datastore, networks and privileges; nothing is changed yet',
  look: (node) => `reads VM, claims and decisions of ${node} from vCenter, and probes it once more`,
  load: (node) => `loads the new ${node}: configuration with all nodes, secrets, a key of its own, the image, services`,
  verify: (node) => `verifies the new ${node} by the pool's own checks`,
};

/** The sentence for an event; undefined when it is not worth one. */
export const wordsOf = ({ type, node, data }) => events[type]?.(node, data ?? {});

/** The sentence for the step that a run is at. */
export const wordsOfStep = (step, node) => steps[step]?.(node);
