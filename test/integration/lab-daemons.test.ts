import { describe, expect, it } from 'vitest';
import { eventually } from '../lab/lab.ts';
import { useStage } from '../lab/stage.ts';

const runsSleep = "setsid sh -c 'echo $$ >/run/the-run; exec sleep 600'";

/** Stands in for `regrow`: notes that it started, starts a run once, serves a folder by HTTP, and notes each SIGHUP. */
const fake = (onTerm: string): string => `#!/bin/sh
echo "started $1" >>/run/fake.log
trap 'echo reloaded >>/run/fake.log' HUP
trap '${onTerm}' TERM
[ -e /run/the-run ] || ${runsSleep} &
mkdir -p /run/www/v1 && echo '{"status":"ok"}' >/run/www/healthz
echo '{"events":[{"id":8,"at":"2026-01-01T00:00:00.000Z","run":null,"node":"webbox2","type":"check.suspect","data":{}}]}' >/run/www/v1/events
busybox httpd -f -p 8460 -h /run/www &
echo $! >/run/httpd
while :; do sleep 0.1; done
`;
const kindly = fake('kill $(cat /run/httpd); exit 0');
const deaf = fake('echo deaf >>/run/fake.log');

describe('the daemon of a guest', () => {
  const stage = useStage();
  const inside = async (command: string): Promise<string> =>
    (await stage.lab.exec('webbox1', ['sh', '-c', command])).stdout;
  const service = (verb: string) => stage.lab.exec('webbox1', ['/etc/init.d/regrow', verb]);
  const isRunning = async (): Promise<boolean> => /is running/.test(await stage.lab.daemon('webbox1', 'status'));
  const pid = () =>
    eventually('a pid', 5_000, async () => Number(await inside('cut -d" " -f1 /run/regrow.pid')) || undefined);
  const untilLogged = (line: string, times: number) =>
    eventually(`${line}, ${times} times`, 20_000, async () =>
      (await inside('cat /run/fake.log')).split('\n').filter((each) => each === line).length === times
        ? true
        : undefined,
    );

  /** A node with its configuration and a program that stands in for regrow, started. */
  async function started(program = kindly): Promise<void> {
    await stage.node('webbox1');
    await stage.lab.exec('webbox1', [
      'sh',
      '-c',
      'printf %s "$1" >/usr/bin/regrow; : >/etc/regrow/regrow.yml',
      'sh',
      program,
    ]);
    await stage.lab.daemon('webbox1', 'start');
    await untilLogged('started run', 1);
  }

  it('does not start in an image without configuration', async () => {
    await stage.node('webbox1');
    expect((await service('start')).exitCode).toBe(0);
    expect(await isRunning()).toBe(false);
    expect(await inside('ls /run/regrow* /var/log/regrow.log')).toBe('');
  });

  it('does not start where the OVF property `daemon` is off', async () => {
    await stage.deploy('webbox1', { properties: { daemon: 'off' } });
    await stage.lab.until('webbox1', (vm) => vm.address.startsWith('10.77.0.'));
    await inside(': >/etc/regrow/regrow.yml');
    expect((await service('start')).exitCode).toBe(0);
    expect(await isRunning()).toBe(false);
    expect(await inside('ls /run/regrow* /var/log/regrow.log')).toBe('');
  });

  it('starts once, however often it is told to, and answers the admin host', async () => {
    await started();
    const first = await pid();
    expect((await service('start')).exitCode).toBe(0);
    expect(await pid()).toBe(first);
    expect(await inside('cat /run/fake.log')).toBe('started run');
    const healthy = await eventually('an answer', 5_000, async () =>
      stage.lab.http('webbox1', '/healthz').catch(() => undefined),
    );
    expect(healthy).toEqual({ status: 'ok' });
    expect(await stage.lab.events('webbox1', 7)).toMatchObject([{ id: 8, type: 'check.suspect' }]);
    await expect(stage.lab.http('webbox1', '/v1/none')).rejects.toThrow('404');
  });

  it('is started again after it was killed', async () => {
    await started();
    const first = await pid();
    await inside(`kill -9 ${first} $(cat /run/httpd)`);
    await untilLogged('started run', 2);
    expect(await pid()).not.toBe(first);
    expect(await stage.lab.daemon('webbox1', 'log')).toContain('regrow run ended with 137');
  });

  it('hears SIGHUP when it is reloaded, and goes on', async () => {
    await started();
    const first = await pid();
    await stage.lab.daemon('webbox1', 'reload');
    await untilLogged('reloaded', 1);
    expect(await pid()).toBe(first);
  });

  it('stays stopped, and leaves its runs alone', async () => {
    await started();
    const [run, first] = [await inside('cat /run/the-run'), await pid()];
    await stage.lab.daemon('webbox1', 'stop');
    expect(await isRunning()).toBe(false);
    expect(
      await inside(`kill -0 ${run} && echo lives; kill -0 ${first} || echo gone; pgrep -f "[r]egrow supervise"`),
    ).toBe('lives\ngone');
    expect((await service('stop')).exitCode).toBe(0);
    expect((await service('reload')).exitCode).toBe(7);
    await stage.lab.daemon('webbox1', 'restart');
    await untilLogged('started run', 2);
  });

  it('is killed when it does not end within 10 s', async () => {
    await started(deaf);
    const first = await pid();
    await stage.lab.daemon('webbox1', 'stop');
    expect(await inside(`kill -0 ${first} || echo gone; sed -n 2p /run/fake.log`)).toBe('gone\ndeaf');
  });

  it('is not taken for running because another process has its pid', async () => {
    await started();
    await stage.lab.daemon('webbox1', 'stop');
    await inside('echo "1 12345" | tee /run/regrow.pid >/run/regrow-supervisor.pid');
    expect(await isRunning()).toBe(false);
    await stage.lab.daemon('webbox1', 'start');
    await untilLogged('started run', 2);
    expect(await inside('kill -0 1 && echo init lives')).toBe('init lives');
  });

  it('is taken over from a supervisor that was killed', async () => {
    await started();
    const first = await pid();
    await inside('kill -9 $(cut -d" " -f1 /run/regrow-supervisor.pid)');
    await stage.lab.daemon('webbox1', 'start');
    await untilLogged('started run', 2);
    expect(await inside(`kill -0 ${first} || echo gone`)).toBe('gone');
  });
});
