import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const folder = path.resolve(import.meta.dirname, '../world');

describe('the protocol of a rebuild in a simulated vCenter', () => {
  it(
    'keeps its promises in every schedule, and breaks one without each of its guards',
    { timeout: 300_000 },
    async () => {
      const { exitCode, stderr, stdout } = await execa('/usr/bin/python3', ['-m', 'unittest', 'test_world'], {
        cwd: folder,
        env: { PYTHONDONTWRITEBYTECODE: '1' },
        reject: false,
      });
      expect({ exitCode, stderr: stderr.slice(-20_000) }).toMatchObject({ exitCode: 0 });
      const counted = (what: RegExp): number => Number(what.exec(stderr)?.[1] ?? what.exec(stdout)?.[1] ?? 0);
      expect(stderr).not.toContain('skipped');
      expect(counted(/Ran (\d+) tests/)).toBeGreaterThanOrEqual(43);
      expect(counted(/world: (\d+) schedules from seed/)).toBeGreaterThanOrEqual(800);
      expect(counted(/world: (\d+) guards/)).toBeGreaterThanOrEqual(34);
    },
  );
});
