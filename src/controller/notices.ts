import type { Environment } from '../config/environment.ts';
import type { Logger } from '../logging.ts';
import type { Clock } from '../monitor/clock.ts';
import { Notifier } from '../notify/notifier.ts';
import { pageOf } from '../notify/page.ts';
import { channelsOf, sendersOf } from '../notify/senders.ts';
import type { Outlook } from '../remediation/outlook.ts';
import type { Journal } from '../store/journal.ts';
import type { Inquiry } from './inquiry.ts';
import type { LiveConfig } from './live-config.ts';

export interface NoticesParts {
  readonly live: LiveConfig;
  readonly journal: Journal;
  readonly inquiry: Inquiry;
  readonly outlook: Outlook;
  readonly clock: Clock;
  readonly env: Environment;
  readonly version: string;
  readonly log: Logger;
  /** Where the status page is served; undefined before it is. */
  readonly url: () => string | undefined;
}

/** What tells people and programs, as the configuration of the moment wants it. */
export function newNotifier({ live, journal, inquiry, outlook, ...parts }: NoticesParts): Notifier {
  const { clock, env, version, log } = parts;
  const now = (): Date => new Date();
  const self = (): string => live.identity.builder;
  const node = (name: string): ReturnType<Outlook['report']>['nodes'][number] | undefined =>
    outlook.report().nodes.find((each) => each.name === name);
  return new Notifier({
    journal,
    clock,
    log,
    now,
    self,
    send: sendersOf({ notify: () => live.config.notify, env, version, now }),
    settings: () => ({ groupMs: live.config.notify.group, giveUpAfterMs: live.config.notify.give_up_after }),
    ask: async () => {
      try {
        return await inquiry.notices();
      } catch (error) {
        log.error({ err: error }, 'the peers cannot be asked what they have told');
        return [];
      }
    },
    facts: () => ({
      pool: live.config.pool.name,
      self: self(),
      isNode: live.identity.self !== null,
      events: live.config.notify.events,
      channels: channelsOf(live.config.notify),
      staggerMs: live.config.remediation.stagger,
      observers: (name) => inquiry.candidates(name),
      node,
      page: () => {
        const url = parts.url();
        return url === undefined ? null : pageOf(url, { address: node(self())?.address ?? null, self: self() });
      },
    }),
  });
}
