import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exitCodeOfError } from '../../../src/cli/fault.ts';
import { RegrowError, errorCodes } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { consultedGates, standingGates } from '../../../src/pool/act-gates.ts';
import { forceableGates } from '../../../src/pool/gates.ts';
import { exitCodeOf, failureClasses, outcomes } from '../../../src/pool/outcome.ts';
import { remedyFor } from '../../../src/pool/remedy.ts';
import { actCase } from '../pool/act-case.ts';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The cells of all rows below a heading whose first cell is a code. */
function rowsBelow(file: string, heading: string): readonly (readonly string[])[] {
  const [, rest = ''] = read(file).split(`\n${heading}\n`);
  const [section = ''] = rest.split(/\n## /);
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([first = '', ...others]) => [first.replaceAll('`', ''), ...others]);
}

describe('docs/errors.md', () => {
  it('has every error code, with its exit code and its meaning', () => {
    const rows = rowsBelow('docs/errors.md', '## Codes of faults');
    const codes = Object.keys(errorCodes) as ErrorCode[];
    expect(rows.map(([code, exit, means]) => [code, Number(exit), means])).toEqual(
      codes.map((code) => [code, exitCodeOfError(new RegrowError(code, '')), errorCodes[code]]),
    );
    for (const [, , , remedy] of rows) expect(remedy).toMatch(/\w+.*\.$/);
  });

  it('has every outcome, with its exit code', () => {
    const rows = rowsBelow('docs/errors.md', '## Outcomes of a rebuild');
    expect(rows.map(([outcome, exit]) => [outcome, Number(exit)])).toEqual(
      outcomes.map((outcome) => [outcome, exitCodeOf(outcome)]),
    );
  });

  it('has every failure class, with the remedy that the program shows', () => {
    const rows = rowsBelow('docs/errors.md', '## Why a rebuild failed');
    expect(rows).toEqual(failureClasses.map((failure) => [failure, remedyFor(failure)]));
  });
});

describe('docs/safety.md', () => {
  const documented = rowsBelow('docs/safety.md', '## The gates');

  it('has every gate that the code knows, and no other', () => {
    const tasks = readdirSync(join(root, 'ansible/roles/rebuild/tasks')).map((file) =>
      read(`ansible/roles/rebuild/tasks/${file}`),
    );
    const sources: readonly (readonly [string, RegExp])[] = [
      [read('src/pool/gates.ts'), /gate: '(\w+)'/g],
      [read('ansible/module_utils/regrow_protocol.py'), /(?:Refused\(|append\(\()'(\w+)'/g],
      [tasks.join('\n'), /gate: (\w+)$/gm],
    ];
    const known = sources.flatMap(([text, pattern]) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
    expect(known.length).toBeGreaterThan(15);
    const { turn, node } = actCase();
    const asked = [...standingGates(turn, node).map(({ gate }) => gate), ...consultedGates];
    expect(asked).toHaveLength(12);
    expect(documented.map(([gate = '']) => gate).toSorted()).toEqual([...new Set([...known, ...asked])].toSorted());
  });

  it('says of each whether it fails open or closed', () => {
    for (const [gate, , fails] of documented) expect(`${gate}: ${fails}`).toMatch(/^\w+: (open|closed)/);
  });

  it('names exactly what --force takes', () => {
    const names = documented.flatMap(([, , , force = '']) => /^`--force (\w+)`/.exec(force)?.[1] ?? []);
    expect(names.toSorted()).toEqual([...forceableGates].toSorted());
  });
});
