import { describe, expect, it } from 'vitest';
import { isObserverOf, observersOf } from '../../../src/pool/observers.ts';

const pool = (size: number): readonly string[] => Array.from({ length: size }, (_, index) => `web${index + 1}`);
const all = (): boolean => true;

describe('the observers of a node', () => {
  it.each([2, 3, 10])('are all others in a pool of %i, dead or alive', (size) => {
    expect(observersOf('web1', pool(size), () => false)).toEqual(pool(size).slice(1));
  });

  it.each([11, 40])('are five living others in a pool of %i, the same for whoever asks', (size) => {
    const observers = observersOf('web1', pool(size), all);
    expect(new Set(observers).size).toBe(5);
    expect(observers).not.toContain('web1');
    expect(observersOf('web1', pool(size).toReversed(), all)).toEqual(observers);
  });

  it.each([3, 40])('know themselves, in a pool of %i', (size) => {
    const nodes = pool(size);
    const alive = (name: string): boolean => name !== 'web2';
    for (const node of nodes)
      expect(nodes.filter((name) => isObserverOf(name, node, nodes, alive)).toSorted()).toEqual(
        observersOf(node, nodes, alive).toSorted(),
      );
  });

  it('are spread: nobody observes many more than others', () => {
    const counts = new Map(pool(40).map((name) => [name, 0]));
    for (const node of pool(40))
      for (const each of observersOf(node, pool(40), all)) counts.set(each, (counts.get(each) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(12);
    expect([...counts.values()].reduce((a, b) => a + b)).toBe(200);
  });

  it('change by one when one dies, and back when it lives again', () => {
    const before = observersOf('web1', pool(20), all);
    const [dead = ''] = before;
    const after = observersOf('web1', pool(20), (name) => name !== dead);
    expect(after.slice(0, 4)).toEqual(before.slice(1));
    expect(after).toHaveLength(5);
    expect(observersOf('web1', pool(20), all)).toEqual(before);
  });

  it('are fewer where fewer live', () => {
    expect(observersOf('web1', pool(20), (name) => name === 'web2')).toEqual(['web2']);
  });
});
