import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminController, rebuild } from '../e2e/controllers.ts';
import { Lab } from '../lab/lab.ts';

const rounds = 10;
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 2 });
}, 600_000);
afterAll(async () => lab.down());

it.each([2, 4])(
  `of %i controllers at the same time exactly one rebuilds, ${rounds} times in a row`,
  async (count) => {
    const configs = await Promise.all(
      Array.from({ length: count }, (_, index) => adminController(lab, `race${index}`)),
    );
    for (let round = 1; round <= rounds; round += 1) {
      const old = await lab.vm('webbox2');
      await lab.kill('webbox2');
      const before = lab.operations().length;
      const answers = await Promise.all(configs.map((config) => rebuild(lab, 'webbox2', { config })));
      const outcomes = answers.map(({ outcome }) => outcome).toSorted();
      console.log(`${count} controllers, round ${round}: ${outcomes.join(', ')}`);
      expect(outcomes.filter((outcome) => outcome === 'rebuilt')).toHaveLength(1);
      expect(answers.filter(({ exitCode }) => exitCode === 7)).toHaveLength(count - 1);
      const operations = lab.operations().slice(before);
      const destroyed = operations.filter(({ operation }) => operation === 'destroy');
      expect(destroyed.map(({ instance_uuid }) => instance_uuid)).toEqual([old.instance_uuid]);
      expect((await lab.state()).vms.filter(({ name }) => name.startsWith('webbox2'))).toHaveLength(1);
    }
  },
  3_600_000,
);
