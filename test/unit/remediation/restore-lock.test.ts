import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = new URL('../../../ansible/roles/node/files/restore-lock.sh', import.meta.url).pathname;
let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regrow-lock-'));
  lock = join(folder, 'lock');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function take(builder: string, restS = 0, minutes = 11): Promise<readonly [number | undefined, string]> {
  const args = [script, 'take', lock, builder, String(minutes), String(restS)];
  const { exitCode, stdout } = await execa('sh', args, { reject: false });
  return [exitCode, stdout];
}

async function release(builder: string): Promise<void> {
  await execa('sh', [script, 'release', lock, builder]);
}

async function age(file: string, seconds: number): Promise<void> {
  const then = Date.now() / 1000 - seconds;
  await utimes(file, then, then);
}

describe('the lock of a restore', () => {
  it('is one builder’s until it is released', async () => {
    expect(await take('webbox1')).toEqual([0, '']);
    expect(await take('webbox2')).toEqual([9, 'webbox1 is restoring it']);
    await release('webbox2');
    expect(await take('webbox2')).toEqual([9, 'webbox1 is restoring it']);
    await release('webbox1');
    expect(await take('webbox2')).toEqual([0, '']);
  });

  it('is given to one of many that ask at once', async () => {
    const all = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((builder) => take(builder)));
    expect(all.filter(([exitCode]) => exitCode === 0)).toHaveLength(1);
    expect(all.filter(([exitCode]) => exitCode === 9)).toHaveLength(5);
  });

  it('is taken again by the builder that left it over, and by others when it is old', async () => {
    expect(await take('webbox1')).toEqual([0, '']);
    expect(await take('webbox1')).toEqual([0, '']);
    await age(lock, 12 * 60);
    expect(await take('webbox2')).toEqual([0, '']);
    expect(await readFile(lock, 'utf8')).toBe('webbox2\n');
  });

  it('leaves a restore of another builder its time to show an effect, and not its own', async () => {
    await take('webbox1');
    await release('webbox1');
    await age(`${lock}.last`, 10);
    const [exitCode, words] = await take('webbox2', 30);
    expect(exitCode).toBe(9);
    expect(words).toMatch(/^webbox1 restored it 1\d s ago$/u);
    expect(await take('webbox2', 5), 'the refusal left no lock').toEqual([0, '']);
    await release('webbox2');
    expect(await take('webbox2', 30)).toEqual([0, '']);
  });

  it('that cannot be written is a failure, and nobody’s restore', async () => {
    lock = join(folder, 'nowhere', 'lock');
    const [exitCode, words] = await take('webbox1');
    expect(exitCode).toBe(1);
    expect(words).toBe('');
  });

  it('of a clock that was set back is left over', async () => {
    await take('webbox1');
    await age(lock, -3600);
    expect(await take('webbox2')).toEqual([0, '']);
  });

  it('does not wait for one that an unset clock puts into the future', async () => {
    await writeFile(`${lock}.last`, 'webbox1\n');
    await age(`${lock}.last`, -3600);
    expect(await take('webbox2', 30)).toEqual([0, '']);
  });
});
