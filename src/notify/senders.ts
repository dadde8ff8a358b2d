import type { Environment } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { resolveSecret } from '../config/secret.ts';
import type { NoticeChannel } from '../pool/notice.ts';
import { sendMail } from './mail.ts';
import type { Send } from './message.ts';
import { postWebhook } from './webhook.ts';

/** What the channels are made of. */
export interface SenderParts {
  /** As it is now: an attempt goes by the newest. */
  readonly notify: () => Config['notify'];
  readonly env: Environment;
  readonly version: string;
  readonly now: () => Date;
}

/** The channels that are configured. */
export function channelsOf({ mail, webhook }: Config['notify']): readonly NoticeChannel[] {
  return [...(mail === null ? [] : ['mail' as const]), ...(webhook === null ? [] : ['webhook' as const])];
}

/** How each channel sends. */
export function sendersOf({ notify, env, version, now }: SenderParts): Readonly<Record<NoticeChannel, Send>> {
  return {
    mail: async (message, signal) => {
      const { mail } = notify();
      return mail === null ? unconfigured('notify.mail') : sendMail(message, mail, { env, signal });
    },
    webhook: async (message, signal) => {
      const { webhook } = notify();
      if (webhook === null) return unconfigured('notify.webhook');
      const { url } = webhook;
      try {
        const secret = webhook.secret === null ? null : await resolveSecret(webhook.secret, env);
        return await postWebhook(message, { url, secret, version }, { now: now(), signal });
      } catch (error) {
        return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}

function unconfigured(key: string): { readonly kind: 'failed'; readonly reason: string } {
  return { kind: 'failed', reason: `${key} is not configured any more` };
}
