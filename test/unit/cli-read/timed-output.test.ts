import { describe, expect, it } from 'vitest';
import { styleFor } from '../../../src/cli/output.ts';
import { startsOf, timedOutput } from '../../../src/cli/timed-output.ts';
import { clockTime } from '../../../src/cli/when.ts';
import { Story } from './events.ts';

const style = styleFor(false);
const at = (second: number): number => Date.parse('2026-01-01T10:00:00.000Z') + second * 1000;

async function shown(chunks: readonly string[], starts: readonly number[]): Promise<string> {
  const left = [...starts];
  const source = async function* (): AsyncGenerator<string> {
    yield* chunks;
  };
  let text = '';
  const options = { startOf: async () => left.shift(), style, now: () => at(99) };
  for await (const part of timedOutput(source(), options)) text += part;
  return text;
}

const output = [
  '\nPLAY [all] ******\n\nTASK [rebuild : Power off] *****\nchanged: [web1]\n',
  '\nTASK [rebuild : Dep',
  'loy] ****\nok: [web1]\n\nTASK [Quick] **\nok: [web1]\n\nPLAY RECAP ****\nweb1 : ok=3\n',
];

describe('the output of Ansible on a terminal', () => {
  it('has the time before each task, and how long it took below it, however it arrives', async () => {
    const text = await shown(output, [at(1), at(13), at(13.5)]);
    const expected = [
      '',
      'PLAY [all]',
      '',
      `${clockTime(at(1))} TASK [rebuild : Power off]`,
      'changed: [web1]',
      '         took 12 s',
      '',
      `${clockTime(at(13))} TASK [rebuild : Deploy]`,
      'ok: [web1]',
      '',
      `${clockTime(at(13.5))} TASK [Quick]`,
      'ok: [web1]',
      '',
      'PLAY RECAP',
      'web1 : ok=3',
      '',
    ];
    expect(text).toBe(expected.join('\n'));
    expect(await shown(Array.from(output.join('')), [at(1), at(13), at(13.5)])).toBe(text);
  });

  it('takes the present for a task of which no event tells', async () => {
    expect(await shown(['TASK [New] ***\n'], [])).toBe(`${clockTime(at(99))} TASK [New]\n`);
  });

  it('loses nothing at its end', async () => {
    expect(await shown(['no newline'], [])).toBe('no newline');
    expect(await shown(['a\n\n\nb\n\n'], [])).toBe('a\n\n\nb\n\n');
  });
});

describe('the starts of tasks', () => {
  it('are those of the events, one after the other, also of tasks with one name', async () => {
    const told = new Story().task('fence', 'Look', { seconds: 2 }).task('fence', 'Look', { seconds: 3 }).events;
    const startOf = startsOf(async function* () {
      yield* told;
    });
    const [first, second] = [await startOf('role : Look'), await startOf('role : Look')];
    expect((second ?? 0) - (first ?? 0)).toBe(2000);
    expect(await startOf('role : Look')).toBeUndefined();
    expect(await startOf('Never begun')).toBeUndefined();
  });

  it('are read again when a task is newer than what was read', async () => {
    const told = [...new Story().task('fence', 'Look').events];
    const startOf = startsOf(async function* () {
      yield* told;
    });
    expect(await startOf('role : Look')).toBeDefined();
    expect(await startOf('role : Deploy')).toBeUndefined();
    told.push(...new Story().task('create', 'Deploy').events);
    expect(await startOf('role : Deploy')).toBeDefined();
  });
});
