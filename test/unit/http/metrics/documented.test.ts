import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { familiesOf, fullMetrics } from './full-metrics.ts';

it('docs/metrics.md has every metric of regrow, with its type, labels and meaning', async () => {
  const families = familiesOf(await fullMetrics().text()).filter(({ name }) => name.startsWith('regrow_'));
  const rows = families.map(({ name, type, labels, help }) => {
    const labelled = labels.length === 0 ? '-' : labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labelled} | ${help} |`;
  });
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/metrics.md'), 'utf8');
  expect(page.split('\n').filter((line) => line.startsWith('| `regrow_'))).toEqual(rows);
});
