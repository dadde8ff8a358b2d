import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, maxVersion, nameOf, type FileNode, type MembershipRecord } from '../../../src/config/membership.ts';
import { describeConflict, merge, publicationOf } from '../../../src/peers/membership.ts';
import { fileOf, recordOf } from './pool-of-records.ts';

const at = '2026-01-01T00:00:00.000Z';

describe('merging records', () => {
  it('adopts the newest version, and keeps the own one against older ones', () => {
    const [one, two, three] = [recordOf(1, ['web1']), recordOf(2, ['web1', 'web2']), recordOf(3, ['web2'])];
    expect(merge(two, [one])).toEqual({ kind: 'keep' });
    expect(merge(one, [two, three])).toEqual({ kind: 'adopt', record: three });
    expect(merge(one, [])).toEqual({ kind: 'keep' });
  });

  it('takes the same nodes for equal, in whatever order and form they are, and whoever published them', () => {
    const own = recordOf(1, ['web1', { name: 'web2', vm: { cpus: 2, memory: '1GiB' } }]);
    const other = recordOf(1, [{ vm: { memory: '1GiB', cpus: 2 }, name: 'web2' }, 'web1'], 'web2');
    expect(merge(own, [other])).toEqual({ kind: 'keep' });
  });

  it('adopts a newer version with the same nodes: a node that was just built has version 0', () => {
    const newest = recordOf(3, ['web1', 'web2']);
    expect(merge(recordOf(0, ['web1', 'web2'], 'web2'), [newest])).toEqual({ kind: 'adopt', record: newest });
  });

  it('is a conflict when the same version has different nodes, from both sides the same one', () => {
    const [ours, theirs] = [recordOf(0, ['web1', 'web2'], 'web1'), recordOf(0, ['web1', 'web3'], 'web2')];
    const merged = merge(ours, [theirs]);
    expect(merged).toMatchObject({ kind: 'conflict', conflict: { version: 0, sides: [{}, {}] } });
    expect(merge(theirs, [ours])).toEqual(merged);
  });

  it('guesses nothing when two others published the same newer version', () => {
    const own = recordOf(2, ['web1']);
    const others = [recordOf(3, ['web1', 'web2'], 'web2'), recordOf(3, ['web1', 'web3'], 'web3')];
    const merged = merge(own, others);
    expect(merged).toMatchObject({ kind: 'conflict', conflict: { version: 3 } });
    expect(merge(own, others.toReversed())).toEqual(merged);
  });

  it('tells people of a conflict who has which nodes', () => {
    const merged = merge(recordOf(4, ['web1', 'web2'], 'web1'), [recordOf(4, ['web1', 'web3'], 'web2')]);
    const told = merged.kind === 'conflict' ? describeConflict(merged.conflict) : '';
    expect(told).toMatch(
      /^version 4 was published with different nodes: web[12] has web1, web[23]; web[12] against it: /,
    );
    expect(told).toMatch(/added web[23]; taken out web[23]$/);
  });
});

describe('what follows from regrow.yml', () => {
  const publisher = { by: 'web1', at, known: 0 };

  it('is version 0 on a fresh machine', () => {
    const publication = publicationOf(null, fileOf(['web1', 'web2']), publisher);
    expect(publication).toEqual({ kind: 'noted', record: recordOf(0, ['web1', 'web2']) });
  });

  it('is nothing while its nodes are those that the record was adopted over', () => {
    const record = { ...recordOf(3, ['web1', 'web2', 'web3'], 'web2'), basis: digestOf(['web1', 'web2']) };
    expect(publicationOf(record, fileOf(['web2', 'web1']), publisher)).toEqual({ kind: 'unchanged', record });
  });

  it('is a version above all that were heard of, once its nodes are edited', () => {
    const own = recordOf(3, ['web1', 'web2']);
    const published = (known: number) => publicationOf(own, fileOf(['web1', 'web4']), { ...publisher, known });
    expect(published(2)).toEqual({ kind: 'published', record: recordOf(4, ['web1', 'web4']) });
    expect(published(7)).toMatchObject({ kind: 'published', record: { version: 8 } });
    expect(published(maxVersion)).toMatchObject({ record: { version: maxVersion } });
  });

  it('is no new version when the file was brought up to date with the record', () => {
    const own = { ...recordOf(3, ['web1', 'web2', 'web3'], 'web2'), basis: digestOf(['web1', 'web2']) };
    const publication = publicationOf(own, fileOf(['web3', 'web2', 'web1']), publisher);
    expect(publication).toEqual({ kind: 'noted', record: { ...own, basis: digestOf(own.nodes) } });
  });

  it('is still published by the machine that takes itself out', () => {
    const publication = publicationOf(recordOf(1, ['web1', 'web2']), fileOf(['web2']), publisher);
    expect(publication).toMatchObject({ kind: 'published', record: { version: 2 } });
  });

  it('changes nothing on a machine that is no member once a version was published', () => {
    const own = recordOf(2, ['web2', 'web3'], 'web2');
    const publication = publicationOf(own, fileOf(['web1', 'web2']), publisher);
    expect(publication).toEqual({ kind: 'overruled', record: { ...own, basis: digestOf(['web1', 'web2']) } });
    const installed = publicationOf(recordOf(0, ['web2'], 'web2'), fileOf(['web2', 'web3']), publisher);
    expect(installed).toMatchObject({ kind: 'noted', record: { version: 0, nodes: ['web2', 'web3'] } });
  });
});

/** A controller as the rules see it: its record, its regrow.yml, and what it heard of. */
interface Simulated {
  readonly name: string;
  record: MembershipRecord;
  file: readonly FileNode[];
  known: number;
}

type Step =
  | { readonly kind: 'edit'; readonly who: number; readonly nodes: readonly string[] }
  | { readonly kind: 'exchange'; readonly who: number; readonly reached: readonly number[] };

const count = 4;
const names = Array.from({ length: count }, (_, index) => `web${index + 1}`);
const who = fc.nat({ max: count - 1 });
// Every controller stays a member, so that each may publish; others come and go.
const nodeLists = fc.subarray(['web5', 'web6', 'web7']).map((others) => [...names, ...others]);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('edit' as const), who, nodes: nodeLists }),
    fc.record({ kind: fc.constant('exchange' as const), who, reached: fc.array(who) }),
  ),
  { maxLength: 60 },
);

function publish(controller: Simulated): void {
  const publisher = { by: controller.name, at, known: controller.known };
  setRecord(controller, publicationOf(controller.record, fileOf(controller.file), publisher).record);
}

/** Versions never fall, and nodes change with a greater version alone. */
function setRecord(controller: Simulated, next: MembershipRecord): void {
  const { record } = controller;
  expect(next.version).toBeGreaterThanOrEqual(record.version);
  if (next.version === record.version) expect(digestOf(next.nodes)).toBe(digestOf(record.nodes));
  controller.record = next;
}

function exchange(controller: Simulated, others: readonly Simulated[]): boolean {
  const heard = others.filter((other) => other !== controller).map(({ record }) => record);
  controller.known = Math.max(controller.known, ...heard.map(({ version }) => version));
  const merged = merge(controller.record, heard);
  if (merged.kind === 'adopt') setRecord(controller, { ...merged.record, basis: digestOf(controller.file) });
  return merged.kind === 'conflict';
}

function play(all: readonly Simulated[], step: Step): void {
  const controller = all[step.who];
  if (controller === undefined) return;
  if (step.kind === 'exchange') {
    exchange(
      controller,
      step.reached.flatMap((index) => all[index] ?? []),
    );
    return;
  }
  controller.file = step.nodes;
  publish(controller);
}

function afterSteps(installed: readonly (readonly string[])[], played: readonly Step[]): readonly Simulated[] {
  const all = names.map((name, index): Simulated => {
    const file = installed[index] ?? names;
    return { name, file, known: 0, record: publicationOf(null, fileOf(file), { by: name, at, known: 0 }).record };
  });
  for (const step of played) play(all, step);
  return all;
}

const installations = fc.array(nodeLists, { minLength: count, maxLength: count });

describe('any number of edits and exchanges, in any order', () => {
  it('ends in one record, once edits stop and a conflict is ended by one more edit', () => {
    fc.assert(
      fc.property(installations, steps, fc.shuffledSubarray([0, 1, 2, 3], { minLength: count }), who, (...given) => {
        const [installed, played, order, editor] = given;
        const all = afterSteps(installed, played);
        const inOrder = order.flatMap((index) => all[index] ?? []);
        const conflicts = inOrder.map((each) => exchange(each, all)).some(Boolean);
        const last = all[editor];
        if (conflicts && last) {
          last.file = [...names, 'web9'];
          publish(last);
        }
        for (const each of inOrder) exchange(each, all);
        const [first] = all;
        for (const { record } of all) {
          expect(record.version).toBe(first?.record.version);
          expect(digestOf(record.nodes)).toBe(digestOf(first?.record.nodes ?? []));
        }
        if (conflicts) expect(first?.record.nodes.map(nameOf)).toContain('web9');
        for (const each of all) expect(exchange(each, all)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('shows each conflict to both of its sides alike', () => {
    fc.assert(
      fc.property(installations, steps, who, who, (installed, played, one, two) => {
        const all = afterSteps(installed, played);
        const [a, b] = [all[one]?.record, all[two]?.record];
        if (a === undefined || b === undefined) return;
        const [here, there] = [merge(a, [b]), merge(b, [a])];
        expect(here.kind === 'conflict').toBe(there.kind === 'conflict');
        if (here.kind === 'conflict') expect(there).toEqual(here);
      }),
    );
  });

  it('hears of others in any order, and again, with the same result', () => {
    const records = fc
      .array(fc.tuple(fc.nat({ max: 3 }), nodeLists, fc.constantFrom(...names)), { minLength: 1, maxLength: 6 })
      .map((each) => each.map(([version, nodes, by]) => recordOf(version, nodes, by)));
    fc.assert(
      fc.property(records, fc.infiniteStream(fc.nat()), ([own, ...heard], dice) => {
        if (own === undefined) return;
        const again = [...heard, ...heard]
          .map((record) => ({ record, rank: dice.next().value ?? 0 }))
          .toSorted((a, b) => a.rank - b.rank)
          .map(({ record }) => record);
        expect(merge(own, again)).toEqual(merge(own, heard));
      }),
    );
  });
});
