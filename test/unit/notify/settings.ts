import { z } from 'zod';
import type { Config } from '../../../src/config/schema.ts';
import { notifySchema } from '../../../src/config/schema-notify.ts';
import type { Message } from '../../../src/notify/message.ts';
import type { Notice } from '../../../src/pool/notice.ts';

/** The notify section of a regrow.yml, with its defaults. */
export function parseNotify(section: Record<string, unknown>): Config['notify'] {
  return z.decode(notifySchema, section);
}

/** A notice, with what a test does not care about filled in. */
export function notice(more: Partial<Notice> = {}): Notice {
  return {
    id: 'n1',
    at: '2026-01-01T10:00:00.000Z',
    type: 'fault.opened',
    pool: 'web',
    controller: 'webbox1',
    node: 'webbox3',
    run: null,
    summary: 'fault opened: ping failed',
    state: 'faulted',
    why: 'ping failed; vCenter is asked again before anything is done',
    next: null,
    look: ['http://10.0.0.1:8460/', 'regrow explain webbox3'],
    data: {},
    ...more,
  };
}

/** A message of these notices. */
export function message(...notices: readonly Notice[]): Message {
  return { id: '6f1c0f6e-0000-4000-8000-000000000001', notices: notices.length === 0 ? [notice()] : notices };
}
