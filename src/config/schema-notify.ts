import { z } from 'zod';
import { notifiedByDefault, notifiedEvents } from '../pool/notice.ts';
import { isSmtpUrl, isWebUrl } from './urls.ts';
import { absolutePath, duration, line, positiveDuration, secret } from './values.ts';

/* Whom regrow tells, and of what. */

const mail = z.strictObject({
  smtp: z
    .string({ error: 'expected a URL such as smtp://mail:25' })
    .refine(isSmtpUrl, { error: 'expected smtp://host[:port] or smtps://host[:port], without user and password' })
    .describe('Mail server. `smtps` is TLS from the first byte; `smtp` begins in the clear, see `tls`.'),
  tls: z
    .enum(['auto', 'required', 'off'], { error: 'expected auto, required or off' })
    .prefault('auto')
    .describe(
      'STARTTLS on `smtp`. `required`: no mail without it, and the certificate must be right. `auto`: as `required` where there is a password; else when the server offers it, whatever its certificate. `off`: never.',
    ),
  ca_file: absolutePath.nullable().prefault(null).describe("Authority of the mail server's certificate, PEM."),
  user: line.nullable().prefault(null).describe('User, where the server wants one.'),
  password: secret.nullable().prefault(null).describe("The user's password."),
  from: line.describe('Sender.'),
  to: z
    .array(line, { error: 'expected a list of mail addresses' })
    .min(1, { error: 'expected at least one mail address' })
    .describe('Receivers.'),
});

const webhook = z.strictObject({
  url: z
    .string({ error: 'expected a URL' })
    .refine(isWebUrl, { error: 'expected an http or https URL without user and password' })
    .describe('Where messages are posted as JSON. What follows the host is kept out of logs.'),
  secret: secret
    .nullable()
    .prefault(null)
    .describe(
      'Key that signs each message (HMAC-SHA256, Standard Webhooks): any text, or `whsec_` and base64. Null: unsigned.',
    ),
});

/** Whom regrow tells. */
export const notifySchema = z
  .strictObject({
    mail: mail.nullable().prefault(null).describe('Mail to the administrator; null: none.'),
    webhook: webhook.nullable().prefault(null).describe('Messages to a program; null: none.'),
    events: z
      .array(z.enum(notifiedEvents, { error: `expected one of ${notifiedEvents.join(', ')}` }), {
        error: 'expected a list of events',
      })
      .prefault([...notifiedByDefault])
      .describe('What is told of: events of the journal.'),
    group: duration
      .prefault('30s')
      .describe(
        'After a message, what happens within this time, 15 minutes at most, becomes one message. The first goes at once.',
      ),
    give_up_after: positiveDuration
      .prefault('3d')
      .describe('What could not be told within this time, also over restarts, is told no more.'),
  })
  .describe('Whom regrow tells, and of what. Of several controllers that see one thing, one tells.');
