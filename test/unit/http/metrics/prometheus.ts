import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** One series of an answer: its labels, and its value now. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A real Prometheus that scrapes one controller, for as long as the test lasts. */
export interface Prometheus {
  /** What its query API says. Throws what it says is wrong with the query. */
  query(expression: string): Promise<readonly Sample[]>;
  /** The same, as soon as it says anything. */
  eventually(expression: string): Promise<readonly Sample[]>;
  /** What it says at a path of its API. */
  get(path: string): Promise<unknown>;
}

const startWithinMs = 15_000;

/** Starts it on a port of its own, with a folder of its own. `target`: host and port. */
export async function startPrometheus(target: string, ruleFiles: readonly string[]): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'regrow-prometheus-'));
  const config = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: 'regrow', static_configs: [{ targets: [target] }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    'prometheus',
    ['--config.file=prometheus.yml', '--storage.tsdb.path=data', '--web.listen-address=127.0.0.1:0'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  onTestFinished(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  });
  const url = await listens(child.stderr);
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const answer = (await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly Sample[] };
    };
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  };
  return { query, get, eventually: (expression) => untilAny(() => query(expression)) };
}

/** Where it says that it listens. */
async function listens(stderr: NodeJS.ReadableStream): Promise<string> {
  const said: string[] = [];
  const lines = createInterface(stderr);
  const timer = setTimeout(() => lines.close(), startWithinMs);
  const address = await new Promise<string | undefined>((resolve) => {
    lines.on('line', (line) => {
      said.push(line);
      const found = /msg="Listening on" address=(\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    lines.on('close', () => resolve(undefined));
  });
  clearTimeout(timer);
  if (address === undefined) throw new Error(`Prometheus does not listen:\n${said.join('\n')}`);
  return `http://${address}`;
}

async function untilAny(ask: () => Promise<readonly Sample[]>): Promise<readonly Sample[]> {
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    const found = await ask();
    if (found.length > 0 || performance.now() > deadline) return found;
    await delay(50);
  }
}
