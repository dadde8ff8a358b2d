import { execa } from 'execa';
import { test } from 'vitest';
import { observersOf } from '../src/pool/observers.ts';
import { decisionCosts, type DecisionCost } from './decisions.ts';
import { markdownTable } from './numbers.ts';
import { publish } from './page.ts';
import { machine, otherLoad } from './report.ts';

const pools = [3, 10, 100, 1000];

/** What one node and the pool send, in a cycle and for a fault. */
interface Messages {
  readonly nodes: number;
  /** Nodes that one controller probes: mean and most. */
  readonly probes: { readonly mean: number; readonly most: number };
  /** Controllers that probe one node: the most. */
  readonly probers: number;
  /** Controllers that one asks about a fault, each time it looks: the most. */
  readonly asked: number;
}

/** Counted by the product's own assignment of observers. */
function messagesOf(nodes: number): Messages {
  const names = Array.from({ length: nodes }, (_, index) => `webbox${index + 1}`);
  const probes = new Map(names.map((name) => [name, 0]));
  let probers = 0;
  let asked = 0;
  for (const node of names) {
    const observers = observersOf(node, names, () => true);
    for (const observer of observers) probes.set(observer, (probes.get(observer) ?? 0) + 1);
    probers = Math.max(probers, observers.length);
    for (const observer of observers) asked = Math.max(asked, observers.filter((name) => name !== observer).length);
  }
  const counts = [...probes.values()];
  const sum = counts.reduce((total, count) => total + count, 0);
  return { nodes, probes: { mean: sum / nodes, most: Math.max(...counts) }, probers, asked };
}

function messagesTable(all: readonly Messages[]): string {
  return markdownTable([
    [
      'nodes',
      'probes sent a node: mean',
      'most',
      'probes received',
      'votes asked, each look',
      'votes answered, each look',
    ],
    ...all.map(({ nodes, probes, probers, asked }) =>
      [nodes, probes.mean.toFixed(1), probes.most, probers, asked, 1].map(String),
    ),
  ]);
}

function decisionTable(all: readonly DecisionCost[]): string {
  return markdownTable([
    ['nodes', 'a good result µs p50 / p99', 'the gates µs p50 / p99', 'CPU µs, mean: a good result', 'the gates'],
    ...all.map(({ nodes, result, gates }) => [
      String(nodes),
      `${result.p50.toFixed(1)} / ${result.p99.toFixed(1)}`,
      `${gates.p50.toFixed(1)} / ${gates.p99.toFixed(1)}`,
      result.cpu.toFixed(1),
      gates.cpu.toFixed(1),
    ]),
  ]);
}

test('decisions, and what is sent for them', async () => {
  const load = otherLoad();
  const costs = pools.map(decisionCosts);
  const messages = pools.map(messagesOf);
  const commit = (await execa('git', ['rev-parse', '--short', 'HEAD'])).stdout;
  const sections = [
    [
      `- ${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.version}`,
      `- ${machine()}; load average ${load.toFixed(1)} before: of other work, which p99 holds, too`,
    ].join('\n'),
    decisionTable(costs),
    messagesTable(messages),
  ].join('\n\n');
  console.log(sections);
  await publish('decide', sections);
});
