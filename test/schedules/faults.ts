import { stepMs } from '../golden/rebuild.ts';
import type { Random } from './random.ts';

/** What a fault does, and what ends it, in sentences of happenings.ts. */
export interface Fault {
  readonly begins: readonly string[];
  /** Empty: only a rebuild ends it, or it ends by itself. */
  readonly ends: readonly string[];
  /** It goes on until its time is over; what does not is done at once. */
  readonly lasts: boolean;
}

type Maker = (random: Random, nodes: readonly string[], seconds: number) => Fault;

/** How often each kind of fault is among those of a schedule, and how it is made. `seconds`: how long it lasts. */
const kinds: readonly (readonly [weight: number, make: Maker])[] = [
  // Nodes die, hang, come back by themselves.
  [10, (random, nodes) => once(`kill ${random.pick(nodes)}`)],
  [3, (random, nodes) => once(`off ${random.pick(nodes)}`)],
  [1, (random, nodes) => once(`delete ${random.pick(nodes)}`)],
  [3, (random, nodes, seconds) => during(`reboot ${random.pick(nodes)} ${seconds}s`)],
  [4, (random, nodes, seconds) => during(`freeze ${random.pick(nodes)} ${seconds}s`)],
  // The network.
  [6, partition],
  [3, oneWay],
  // vCenter.
  [5, (random) => both(`vcenter ${random.pick(['down', 'slow', 'empty', 'half'])}`, 'vcenter up')],
  [2, (random, nodes) => onOne(random, nodes, (node) => both(`cut ${node} vcenter`, `join ${node} vcenter`))],
  [3, (random, nodes) => onOne(random, nodes, (node) => both(`host ${node} disconnected`, `host ${node} connected`))],
  [1, () => both('datastore full', 'datastore free')],
  [1, () => both('image broken', 'image whole')],
  // Controllers.
  [4, (random, nodes) => once(`restart ${random.pick([...nodes, 'all'])}`)],
  [4, (random, nodes) => onOne(random, nodes, (node) => both(`crash ${node}`, `start ${node}`))],
  [4, (random, nodes, seconds) => during(`stall ${random.pick(nodes)} ${seconds}s`)],
  [
    2,
    (random, nodes) =>
      once(`wallclock ${random.pick(nodes)} ${random.pick(['back', 'forward'])} ${random.spread(30, 7200)}s`),
  ],
  [3, (random, nodes) => onOne(random, nodes, (node) => both(`disk ${node} full`, `disk ${node} free`))],
  [3, trap],
];

/** One fault of any kind. */
export function anyFault(random: Random, nodes: readonly string[], seconds: number): Fault {
  const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
  let left = random.next() * total;
  for (const [weight, make] of kinds) {
    left -= weight;
    if (left < 0) return make(random, nodes, seconds);
  }
  throw new RangeError('no kind of fault was drawn');
}

/** Some nodes against the others; the first group may lose vCenter, too. */
function partition(random: Random, nodes: readonly string[]): Fault {
  const some = random.chance(0.5)
    ? random.some(nodes, 1)
    : random.some(nodes, random.whole(1, Math.floor(nodes.length / 2)));
  const others = nodes.filter((node) => !some.includes(node));
  const groups = `${some.join(',')} ${others.join(',')}`;
  const without = random.chance(0.4) ? some : [];
  return {
    begins: [`part ${groups}`, ...without.map((node) => `cut ${node} vcenter`)],
    ends: [`mend ${groups}`, ...without.map((node) => `join ${node} vcenter`)],
    lasts: true,
  };
}

/** Nothing of some nodes reaches one of the others; what it sends arrives. */
function oneWay(random: Random, nodes: readonly string[]): Fault {
  const [node = '', ...deaf] = random.some(nodes, random.whole(2, nodes.length));
  return {
    begins: deaf.map((other) => `cut ${other} ${node}`),
    ends: deaf.map((other) => `join ${other} ${node}`),
    lasts: true,
  };
}

/** What befalls the next builder: each of some has it at one step. */
function trap(random: Random, nodes: readonly string[]): Fault {
  const steps = Object.keys(stepMs);
  const step = random.pick(steps);
  const what = random.pick(['hang', 'die', 'crash']);
  const builders = random.some(nodes, random.whole(1, 2));
  return {
    begins: builders.map((node) => `trap ${node} ${step} ${what}`),
    ends: builders.flatMap((node) => [`untrap ${node}`, `start ${node}`]),
    lasts: true,
  };
}

function once(sentence: string): Fault {
  return { begins: [sentence], ends: [], lasts: false };
}

function during(sentence: string): Fault {
  return { begins: [sentence], ends: [], lasts: true };
}

function both(begins: string, ends: string): Fault {
  return { begins: [begins], ends: [ends], lasts: true };
}

function onOne(random: Random, nodes: readonly string[], make: (node: string) => Fault): Fault {
  return make(random.pick(nodes));
}
