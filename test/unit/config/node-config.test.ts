import { describe, expect, it } from 'vitest';
import { configForNode } from '../../../src/config/node-config.ts';
import { configOf, minimalText } from './sample.ts';

const text = `${minimalText}notify:
  mail: {smtp: "smtp://m", from: a@b.c, to: [d@e.f], user: u, password: {env: MAIL}, ca_file: /root/ca.pem}
  webhook: {url: "https://hooks.example.org/", secret: {file: /root/hook}}
`;

describe('whom a new node tells', () => {
  it('are those whom its builder tells, with every secret in a file of its own', () => {
    const { text: written, secrets } = configForNode(configOf(text), { isNode: false });
    const { notify } = configOf(written);
    expect(notify.mail).toMatchObject({
      smtp: 'smtp://m',
      user: 'u',
      password: { file: '/etc/regrow/mail-password' },
      ca_file: '/etc/regrow/mail-ca.pem',
    });
    expect(notify.webhook?.secret).toEqual({ file: '/etc/regrow/webhook-secret' });
    expect(secrets).toEqual(
      expect.arrayContaining([
        { path: '/etc/regrow/mail-password', source: { env: 'MAIL' } },
        { path: '/etc/regrow/mail-ca.pem', source: { file: '/root/ca.pem' } },
        { path: '/etc/regrow/webhook-secret', source: { file: '/root/hook' } },
      ]),
    );
  });

  it('are reached by the paths of a builder that is a node itself', () => {
    const { text: written } = configForNode(configOf(text), { isNode: true });
    const { notify } = configOf(written);
    expect(notify.mail).toMatchObject({ ca_file: '/root/ca.pem', password: { file: '/etc/regrow/mail-password' } });
    expect(notify.webhook?.secret).toEqual({ file: '/root/hook' });
  });
});
