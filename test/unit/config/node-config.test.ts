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

describe('the secret OVF properties of a new node', () => {
  const image =
    'core.ovf, properties: {root_password: hunter2, keys: {env: KEYS}, motd: hello, token: {file: /root/token}}';
  const config = configOf(
    minimalText
      .replace('core.ovf', image)
      .replace('web2', '{name: web2, image: {properties: {root_password: {file: /root/of-web2}, token: hunter3}}}'),
  );

  it('of the pool are each in a file of its own', () => {
    const { text: written, secrets } = configForNode(config, { isNode: false });
    expect(written).not.toContain('hunter2');
    expect(configOf(written).image.properties).toEqual({
      root_password: { file: '/etc/regrow/property-root_password' },
      keys: { file: '/etc/regrow/property-keys' },
      motd: 'hello',
      token: { file: '/etc/regrow/property-token' },
    });
    expect(secrets).toEqual(
      expect.arrayContaining([
        { path: '/etc/regrow/property-keys', source: { env: 'KEYS' } },
        { path: '/etc/regrow/property-token', source: { file: '/root/token' } },
      ]),
    );
    const kept = configForNode(config, { isNode: true });
    expect(configOf(kept.text).image.properties['token']).toEqual({ file: '/root/token' });
  });

  it('of a node alone stay as they are, as the other machines have them, with the files that they name', () => {
    for (const isNode of [true, false]) {
      const { text: written, secrets } = configForNode(config, { isNode });
      expect(configOf(written).pool.nodes).toEqual(config.pool.nodes);
      expect(secrets).toContainEqual({ path: '/root/of-web2', source: { file: '/root/of-web2' } });
    }
  });
});
