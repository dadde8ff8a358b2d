import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveSecret } from '../../../src/config/secret.ts';
import { secretValues } from '../../../src/config/secret-refs.ts';
import { showableConfig } from '../../../src/config/show.ts';
import { dump } from 'js-yaml';
import { configOf, contractText, minimalText } from './sample.ts';

describe('a secret', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'regrow-secret-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('comes from the environment that is handed in', async () => {
    await expect(resolveSecret({ env: 'P' }, { P: 'hunter2' })).resolves.toBe('hunter2');
  });

  it('comes from a file, without the newline at its end', async () => {
    const file = join(folder, 'p');
    await writeFile(file, ' hunter2 \n');
    await expect(resolveSecret({ file }, {})).resolves.toBe(' hunter2 ');
  });

  it('that is not there is a fault that names its place and the remedy', async () => {
    await expect(resolveSecret({ env: 'P' }, { P: '' })).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      facts: { env: 'P' },
    });
    const file = join(folder, 'none');
    await expect(resolveSecret({ file }, {})).rejects.toMatchObject({
      code: 'SECRET_UNAVAILABLE',
      facts: { file },
      remedy: expect.any(String),
    });
  });

  it('that is empty, huge or binary is refused without being shown', async () => {
    const file = join(folder, 'p');
    for (const content of ['\n', 'hunter2'.repeat(20_000), 'hunter2\0']) {
      await writeFile(file, content);
      const error: unknown = await resolveSecret({ file }, {}).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SECRET_UNAVAILABLE' });
      expect(inspect(error)).not.toContain('hunter2');
    }
  });

  it('in the configuration itself is used, and never printed by any ordinary means', async () => {
    const config = configOf(minimalText.replace('{env: VCENTER_PASSWORD}', 'hunter2'));
    await expect(resolveSecret(config.vcenter.password, {})).resolves.toBe('hunter2');
    const shown = [
      JSON.stringify(config),
      inspect(config, { depth: 9, showHidden: true }),
      // oxlint-disable-next-line typescript/no-base-to-string -- that nothing of it is in the string is what is tested
      String(config.vcenter.password),
    ];
    expect(shown.join()).not.toContain('hunter2');
    expect(JSON.stringify(showableConfig(config))).not.toContain('hunter2');
  });
});

describe('the values that are kept out of all that is written', () => {
  it('have those of OVF properties among them, save what is too short to be told from other text', async () => {
    const image = 'core.ovf, properties: {root_password: hunter2, password_max_days: 90, key: {env: KEY}}';
    const config = configOf(minimalText.replace('core.ovf', image));
    expect(await secretValues(config, { VCENTER_PASSWORD: 'pw', KEY: 'hunter3' })).toEqual([
      'pw',
      'hunter2',
      'hunter3',
    ]);
  });
});

describe('the configuration that is shown', () => {
  it('means the same when it is read again', () => {
    const config = configOf(contractText);
    const again = configOf(dump(JSON.parse(JSON.stringify(showableConfig(config)))).replace('/(hidden)', '/T0/B0/Xyz'));
    expect(again).toEqual(config);
  });

  it('hides OVF properties that sound like secrets, and the path of a webhook', () => {
    const text = `${minimalText.replace('core.ovf', 'core.ovf, properties: {admin_password: hunter2, motd: hello}')}
notify: {webhook: {url: "https://hooks.example.org/T0/hunter2"}}`;
    const shown = JSON.stringify(showableConfig(configOf(text)));
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('hello');
    const referred = configOf(minimalText.replace('core.ovf', 'core.ovf, properties: {admin_password: {file: /p}}'));
    expect(showableConfig(referred)).toMatchObject({ image: { properties: { admin_password: { file: '/p' } } } });
    expect(shown).toContain('https://hooks.example.org/');
  });
});
