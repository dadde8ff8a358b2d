import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { caseOf } from '../../../src/pool/replay.ts';
import { actCase } from '../pool/act-case.ts';
import { Machine } from '../cli-read/surroundings.ts';

/** A machine on which webbox3 failed twice and answered, and then was rebuilt after three failures. */
function machine(): { readonly machine: Machine; readonly policy: (yaml: string) => string } {
  const made = new Machine();
  const { events } = made.journal;
  const began = Date.now() - 3_600_000;
  const tell = (seconds: number, type: string, data: Readonly<Record<string, unknown>>): void => {
    events.append({ at: new Date(began + seconds * 1000).toISOString(), node: 'webbox3', type, data });
  };
  tell(0, 'check.suspect', { check: 'ping', failures: 1, of: 3, detail: '' });
  tell(20, 'check.suspect', { check: 'ping', failures: 2, of: 3, detail: '' });
  tell(600, 'check.suspect', { check: 'ping', failures: 1, of: 3, detail: '' });
  tell(620, 'check.suspect', { check: 'ping', failures: 2, of: 3, detail: '' });
  tell(640, 'fault.opened', { checks: ['ping'], vm: null });
  const { turn, node, consultation } = actCase();
  const pool = { ...turn.pool, nodes: { webbox3: node } };
  const given = caseOf({ node: 'webbox3', now: turn.now, state: node, pool, consultation });
  tell(650, 'decision', { acts: true, gates: [{ gate: 'quorum', holds: false, message: '', facts: {} }], case: given });
  tell(700, 'fault.closed', { reason: 'rebuilt' });
  const policy = (yaml: string): string => {
    const path = `${made.configPath}.other.yml`;
    writeFileSync(path, `${readFileSync(made.configPath, 'utf8')}self: webbox1\n${yaml}`, { mode: 0o600 });
    return path;
  };
  return { machine: made, policy };
}

describe('regrow replay', () => {
  it('finds nothing different by a policy that is the same', async () => {
    const { machine: own, policy } = machine();
    const path = policy('checks: {ping: {type: ping, on_failure: rebuild}}\n');
    const { exitCode, stdout } = await own.regrow(['replay', '--policy', path]);
    expect(stdout).toBe(
      'Checks began to fail 2 times; 0 would have ended otherwise.\n1 of 1 recorded decisions were tried; 0 would have been another.\n',
    );
    expect(exitCode).toBe(0);
  });

  it('tells the faults that there would have been, and those that there would not', async () => {
    const { machine: own, policy } = machine();
    const path = policy('checks: {ping: {type: ping, failures: 2, on_failure: rebuild}}\nsafety: {mode: dry-run}\n');
    const { stdout } = await own.regrow(['replay', '--policy', path]);
    expect(stdout).toMatch(/webbox3 +ping +no fault: 2 failures in a row +a fault\n/);
    expect(stdout).toContain('Checks began to fail 2 times; 1 would have ended otherwise.');
    expect(stdout).toMatch(/webbox3 +rebuild +hold: dry_run\n/);
    const json = await own.regrow(['replay', '--policy', path, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      checks: [
        { node: 'webbox3', check: 'ping', failures: 2, fault: false, would: 'fault', differs: true },
        { failures: 3, fault: true, would: 'fault', differs: false },
      ],
      decisions: [{ node: 'webbox3', held: [], would_hold: ['dry_run'], differs: true }],
    });
  });

  it('says of a policy that is not there how to name another', async () => {
    const { machine: own } = machine();
    const end = await own.regrow(['replay', '--policy', '/nonexistent/regrow.yml']);
    expect(end).toMatchObject({ exitCode: 2, stdout: '' });
    expect(end.stderr).toMatch(
      /\/nonexistent\/regrow\.yml cannot be read[^]*what to do: name another file with --policy\n/,
    );
  });

  it('says when what would have been is not known', async () => {
    const { machine: own, policy } = machine();
    const path = policy('checks: {ping: {type: ping, failures: 9, on_failure: rebuild}}\n');
    const { stdout } = await own.regrow(['replay', '--policy', path]);
    expect(stdout).toMatch(/a fault after 3 failures +not known: it was seen for too short a time\n/);
  });
});
