import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/config/schema.ts';
import { checkSchema } from '../../../src/config/schema-checks.ts';
import { confirmFailure, type HypervisorsWord } from '../../../src/monitor/confirm.ts';
import type { ProbeResult } from '../../../src/monitor/probes/probe-result.ts';
import { FakeProbes, failed, ok } from '../../fakes/probes.ts';

const unknown: ProbeResult = { status: 'unknown', latencyMs: null, detail: 'no route' };
const target = { name: 'web3', address: '10.0.0.3' };
const ping = checkSchema.parse({ type: 'ping', timeout: '15s', on_failure: 'rebuild' });
const web = checkSchema.parse({ type: 'tcp', port: 80, timeout: '15s', on_failure: 'rebuild' });
const disk = checkSchema.parse({ type: 'tcp', port: 81, on_failure: 'alert' });

/** What comes of probes that say this, by the type of the check, and an sshd that says that. */
async function confirm(
  checks: Readonly<Record<string, Check>>,
  says: Readonly<Record<string, ProbeResult>>,
  word: HypervisorsWord = 'none',
  deciding?: readonly string[],
) {
  const probes = new FakeProbes();
  const asked: number[] = [];
  const measure: FakeProbes['measure'] = async (check) => {
    asked.push(check.timeout);
    return says[check.type] ?? failed;
  };
  const sshd = async (): Promise<ProbeResult> => says['sshd'] ?? failed;
  const { status } = await confirmFailure(checks, target, {
    probes: { measure, playbook: probes.playbook.bind(probes) },
    sshd,
    word,
    deciding,
  });
  return { status, asked };
}

describe('a fresh probe', () => {
  it.each<readonly [string, string, Readonly<Record<string, Check>>, Readonly<Record<string, ProbeResult>>]>([
    ['failed', 'nothing answers', { ping }, {}],
    ['ok', 'a ping is answered', { ping }, { ping: ok }],
    ['ok', 'no ping is answered and an sshd is', { ping }, { sshd: ok }],
    ['unknown', 'nothing can be measured', { ping }, { ping: unknown, sshd: unknown }],
    ['unknown', 'only the sshd fails', { ping }, { ping: unknown }],
    ['failed', 'a ping fails and the sshd cannot be tried', { ping }, { sshd: unknown }],
    ['failed', 'the page fails and pings are answered', { ping, web }, { ping: ok }],
    ['failed', 'a page fails, whatever the sshd says', { web }, { sshd: ok }],
    ['ok', 'every check passes', { ping, web }, { ping: ok, tcp: ok }],
    ['unknown', 'one passes and one cannot be measured', { ping, web }, { ping: ok, tcp: unknown }],
    ['unknown', 'no check leads to a rebuild', { disk }, {}],
  ])('is %s when %s', async (status, _, checks, says) => {
    expect((await confirm(checks, says)).status).toBe(status);
  });

  it('takes vCenter’s word where nothing can be measured, and not where something answers', async () => {
    expect((await confirm({ ping }, { ping: unknown, sshd: unknown }, 'absent')).status).toBe('failed');
    expect((await confirm({ ping }, { ping: ok }, 'absent')).status).toBe('ok');
  });

  it('asks nobody at the address of a VM that is off: another machine may have it by now', async () => {
    expect(await confirm({ ping }, { ping: ok, sshd: ok }, 'off')).toEqual({ status: 'failed', asked: [] });
  });

  it('is by the checks that count alone, where they are named; with none of them vCenter has the word', async () => {
    const page = { ping, web };
    expect((await confirm(page, { ping: ok }, 'none', ['ping'])).status).toBe('ok');
    expect((await confirm(page, { sshd: ok }, 'none', ['ping'])).status).toBe('ok');
    expect((await confirm(page, { tcp: ok }, 'none', ['ping'])).status).toBe('failed');
    expect((await confirm(page, {}, 'none', [])).status).toBe('unknown');
    expect((await confirm(page, {}, 'absent', [])).status).toBe('failed');
  });

  it('gets no longer than five seconds', async () => {
    expect((await confirm({ ping }, {})).asked).toEqual([5_000]);
  });
});
