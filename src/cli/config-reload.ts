import { setTimeout as delay } from 'node:timers/promises';
import { signalProcess } from '../ansible/process.ts';
import { itemsOf, member } from '../config/document.ts';
import { loadConfig } from '../config/load.ts';
import { RegrowError } from '../errors.ts';
import { exitCodes } from '../pool/outcome.ts';
import { readDaemonLock } from '../remediation/daemon-lock.ts';
import type { JournalEvent } from '../store/events.ts';
import type { Journal } from '../store/journal.ts';
import type { CliContext } from './context.ts';
import { inert } from './terminal-text.ts';

/** The JSON answer of `regrow config reload`. */
export interface ReloadAnswer {
  readonly pid: number;
  readonly reloaded: boolean;
  /** The nodes that the controller goes by now; none when it did not take the file. */
  readonly nodes: readonly string[];
  /** Why it did not take it. */
  readonly problems: readonly string[];
}

const answerWithinMs = 10_000;
const pollMs = 50;

/** Has the controller of this machine read its configuration anew, and tells what it made of it. A file with problems is not sent. */
export async function reload(context: CliContext): Promise<number> {
  const { config } = await loadConfig(context.configPath);
  const daemon = await readDaemonLock(config.state_dir);
  if (daemon === undefined) {
    throw new RegrowError('CONTROLLER_UNREACHABLE', `No controller runs here with the state_dir ${config.state_dir}.`, {
      facts: { state_dir: config.state_dir },
      remedy: 'Nothing is to be reloaded: it reads the file when it starts (systemctl start regrow).',
    });
  }
  const journal = await context.journal();
  const before = journal.events.lastId();
  if (!signalProcess(daemon.pid, 'SIGHUP')) {
    throw new RegrowError(
      'CONTROLLER_UNREACHABLE',
      `The controller (process ${daemon.pid}) takes no signal from here.`,
      {
        facts: { pid: daemon.pid },
        remedy: 'Repeat this as root, or as the user that regrow runs as.',
      },
    );
  }
  const event = await eventAfter(journal, before);
  if (event === undefined) {
    throw new RegrowError(
      'CONTROLLER_UNREACHABLE',
      `The controller (process ${daemon.pid}) did not tell within ${answerWithinMs / 1000} s what it made of it.`,
      {
        facts: { pid: daemon.pid },
        remedy: 'See its log (journalctl -u regrow): it may stand still, or have ended.',
      },
    );
  }
  const answer = answerOf(daemon.pid, event);
  await context.answer(answer, () => textOf(answer, context));
  return answer.reloaded ? exitCodes.done : exitCodes.usage;
}

/** The next word of the controller about its configuration. */
async function eventAfter(journal: Journal, id: number): Promise<JournalEvent | undefined> {
  const giveUpAt = performance.now() + answerWithinMs;
  let after = id;
  for (;;) {
    const events = journal.events.list({ after });
    const told = events.find(({ type }) => type === 'config.reloaded' || type === 'config.rejected');
    if (told !== undefined) return told;
    after = events.at(-1)?.id ?? after;
    if (performance.now() > giveUpAt) return undefined;
    await delay(pollMs);
  }
}

function answerOf(pid: number, { type, data }: JournalEvent): ReloadAnswer {
  return {
    pid,
    reloaded: type === 'config.reloaded',
    nodes: itemsOf(data['nodes']).map(String),
    problems: problemsOf(data['problems']),
  };
}

/** As one text, or as a list of texts or of the problems that the loader gives. */
function problemsOf(problems: unknown): readonly string[] {
  return typeof problems === 'string' ? problems.split('\n') : itemsOf(problems).map(problemText);
}

function problemText(problem: unknown): string {
  if (typeof problem === 'string') return problem;
  const message = member(problem, 'message');
  const path = member(problem, 'path');
  const text = typeof message === 'string' ? message : JSON.stringify(problem);
  return typeof path === 'string' && path !== '' ? `${path}: ${text}` : text;
}

function textOf({ pid, reloaded, nodes, problems }: ReloadAnswer, { style, configPath }: CliContext): string {
  if (reloaded) {
    const detail = nodes.length === 0 ? '' : ` (nodes: ${nodes.map(inert).join(', ')})`;
    return `${style.green('ok:')} the controller (process ${pid}) goes by ${inert(configPath)}${detail}\n`;
  }
  const lines = problems.map((problem) => `  ${inert(problem)}\n`);
  return `${style.red('rejected:')} the controller (process ${pid}) goes on with what it had:\n${lines.join('')}`;
}
