import { hostname } from 'node:os';
import type { Command } from 'commander';
import { RegrowError } from '../errors.ts';
import type { Message } from '../notify/message.ts';
import { exitCodes } from '../pool/outcome.ts';
import type { NoticeChannel } from '../pool/notice.ts';
import type { CliContext } from './context.ts';
import { printable, renderTable } from './output.ts';

/** The JSON answer of `regrow notify test`. */
export interface NotifyTestAnswer {
  readonly results: readonly { readonly channel: NoticeChannel; readonly told: boolean; readonly detail: string }[];
}

/** `regrow notify test`: one message through each channel, now, and what came of it. */
export function register(program: Command, context: CliContext): void {
  program
    .command('notify')
    .description('what tells people and programs: mail, webhook')
    .command('test')
    .description('send one message through each channel now; exit code 1 when one could not be sent')
    .action(context.run(() => notifyTest(context)));
}

async function notifyTest(context: CliContext): Promise<number> {
  const { channelsOf, sendersOf } = await import('../notify/senders.ts');
  const { packageVersion } = await import('../config/package-version.ts');
  const { config } = await context.config();
  const channels = channelsOf(config.notify);
  if (channels.length === 0)
    throw new RegrowError('CONFIG_INVALID', `${context.configPath} has neither notify.mail nor notify.webhook.`, {
      remedy: 'Write whom to tell under notify: docs/configuration.md.',
    });
  const { env } = context;
  const now = (): Date => new Date();
  const senders = sendersOf({ notify: () => config.notify, env, version: await packageVersion(), now });
  const message = await testMessage(config.pool.name, now());
  const results = await Promise.all(
    channels.map(async (channel) => {
      const result = await senders[channel](message, new AbortController().signal);
      const told = result.kind === 'told';
      return { channel, told, detail: told ? result.detail : result.reason };
    }),
  );
  const answer: NotifyTestAnswer = { results };
  await context.answer(answer, () => textOf(answer));
  return results.every(({ told }) => told) ? exitCodes.done : exitCodes.fault;
}

async function testMessage(pool: string, now: Date): Promise<Message> {
  const { randomUUID } = await import('node:crypto');
  const { machineName } = await import('../config/node-settings.ts');
  const notice = {
    id: randomUUID(),
    at: now.toISOString(),
    type: 'notify.test',
    pool,
    controller: machineName(hostname()),
    node: null,
    run: null,
    summary: 'a test: nothing has happened',
    state: null,
    why: null,
    next: 'Nothing is to be done: somebody asked for this message.',
    look: ['regrow status'],
    data: {},
  } as const;
  return { id: randomUUID(), notices: [notice] };
}

function textOf({ results }: NotifyTestAnswer): string {
  return renderTable(
    ['CHANNEL', 'SENT', 'DETAIL'],
    results.map(({ channel, told, detail }) => [channel, told ? 'yes' : 'no', printable(detail)]),
  );
}
