import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readImage } from '../../../src/remediation/image.ts';

const library = join(import.meta.dirname, '../../../ansible/library');
const moduleSaid = z.object({ version: z.string(), carried: z.array(z.string()) });
let folder: string;
let ovf: string;

/** What Ansible's module finds, or why it refuses. */
function byModule(checksums: boolean): z.infer<typeof moduleSaid> | string {
  const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
import regrow_image
try:
    image = regrow_image.describe(sys.argv[2])
    print(json.dumps(regrow_image.checked(image) if sys.argv[3] else image))
except regrow_image.Incomplete as incomplete:
    print(json.dumps(str(incomplete)))`;
  const text = execFileSync('/usr/bin/python3', ['-B', '-c', program, library, ovf, checksums ? 'yes' : ''], {
    encoding: 'utf8',
    // In this checkout our folder `ansible` would hide the package of that name.
    cwd: '/',
  });
  return z.union([z.string(), moduleSaid]).parse(JSON.parse(text));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regrow-image-'));
  ovf = join(folder, 'core.ovf');
  const href = 'ovf:href="core-disk1.vmdk" ovf:size="5"';
  writeFileSync(
    ovf,
    `<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
      <References><File ${href}/></References></Envelope>`,
  );
  writeFileSync(join(folder, 'core-disk1.vmdk'), 'disk!');
});
afterEach(() => rmSync(folder, { recursive: true }));

function writeManifest(): void {
  const sum = execFileSync('sha256sum', [join(folder, 'core-disk1.vmdk')], { encoding: 'utf8' }).slice(0, 64);
  writeFileSync(join(folder, 'core.mf'), `SHA256(core-disk1.vmdk)= ${sum}\n`);
}

describe('the version of an image', () => {
  it('is the same for the daemon and for Ansible, of the OVF or of its manifest', async () => {
    utimesSync(ovf, 1_700_000_000.7, 1_700_000_000.7);
    const plain = await readImage(ovf);
    expect(plain).toEqual({
      version: expect.stringMatching(/^[0-9a-f]{12}$/),
      made_at: '2023-11-14T22:13:20.000Z',
      problem: null,
    });
    expect(byModule(false)).toMatchObject({ version: plain.version, carried: [ovf, join(folder, 'core-disk1.vmdk')] });
    writeManifest();
    const whole = await readImage(ovf);
    expect(whole.version).not.toBe(plain.version);
    expect(byModule(false)).toMatchObject({
      version: whole.version,
      carried: [ovf, join(folder, 'core.mf'), join(folder, 'core-disk1.vmdk')],
    });
  });

  it('comes with the reason when nothing can be built from it', async () => {
    writeFileSync(join(folder, '.incomplete'), '');
    expect(await readImage(ovf)).toMatchObject({ problem: 'it is under construction' });
    rmSync(ovf);
    expect(await readImage(ovf)).toEqual({ version: null, made_at: null, problem: `${ovf} cannot be read: ENOENT` });
  });
});

describe('the checksums of an image', () => {
  it('are compared with its manifest: a disk of the right size with other bytes is refused, by name', () => {
    writeManifest();
    expect(byModule(true)).toMatchObject({ carried: expect.any(Array) });
    writeFileSync(join(folder, 'core-disk1.vmdk'), 'disk?');
    expect(byModule(false)).toMatchObject({ carried: expect.any(Array) });
    expect(byModule(true)).toMatch(/core-disk1\.vmdk has another checksum than .*core\.mf says/);
  });

  it('must be in the manifest where there is one', () => {
    writeFileSync(join(folder, 'core.mf'), 'cut off');
    expect(byModule(true)).toMatch(/core\.mf holds no checksums/);
  });
});
