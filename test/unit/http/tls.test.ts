import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askController } from '../../../src/cli/controller-client.ts';
import { isOpenWide } from '../../../src/config/open-wide.ts';
import { readTlsFiles, type PeerTrust } from '../../../src/config/tls-files.ts';
import { askPeer, type PeerReply } from '../../../src/peers/client.ts';
import { certificateFor, type Certificate } from './certificates.ts';
import { served } from './fake-controller.ts';

describe('a controller with a certificate', () => {
  it('is asked by those that know its authority, by its name', async () => {
    const authority = certificateFor('authority');
    const { url } = await served({}, { tls: certificateFor('webbox2', authority) });
    expect(url).toMatch(/^https:/);
    const trust = await trustOf(certificateFor('webbox1', authority), authority);
    expect(await asked(url, trust)).toMatchObject({ kind: 'answered' });
    expect(await asked(url, trust, 'webbox3')).toEqual({ kind: 'silent', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    const other = await trustOf(certificateFor('webbox1'), certificateFor('authority'));
    expect(await asked(url, other)).toMatchObject({ kind: 'silent' });
  });

  it('is asked by those that have the very same certificate, when there is no authority', async () => {
    const shared = certificateFor('pool');
    const { url } = await served({}, { tls: shared });
    expect(await asked(url, await trustOf(shared))).toMatchObject({ kind: 'answered' });
    expect(await asked(url, await trustOf(certificateFor('pool')))).toMatchObject({ kind: 'silent' });
  });

  it('is not told the token before it has proven itself', async () => {
    let isHeard = false;
    const impostor = await served(
      {
        token: async () => {
          isHeard = true;
          return 'hunter2';
        },
      },
      { tls: certificateFor('webbox2') },
    );
    const trust = await trustOf(certificateFor('webbox1'));
    const access = { port: portIn(impostor.url), token: 'hunter2', trust };
    expect(await askPeer({ name: 'webbox2', address: '127.0.0.1' }, '/v1/membership', access)).toMatchObject({
      kind: 'silent',
    });
    expect(isHeard).toBe(false);
  });

  it('shows another one after its files were replaced, and goes on', async () => {
    const [before, after] = [certificateFor('pool'), certificateFor('pool')];
    const server = await served({}, { tls: before });
    server.renew(after);
    expect(await asked(server.url, await trustOf(before))).toMatchObject({ kind: 'silent' });
    expect(await asked(server.url, await trustOf(after))).toMatchObject({ kind: 'answered' });
  });

  it('is asked by the command line of its own machine, whatever its name', async () => {
    const own = certificateFor('pool');
    const { url } = await served({}, { tls: own });
    expect(await askController(url, 5_000, undefined, own.cert)).toMatchObject({ kind: 'report' });
    expect(await askController(url, 5_000, undefined, certificateFor('pool').cert)).toMatchObject({ kind: 'silent' });
  });

  it('answers nothing to who speaks plain HTTP, and goes on', async () => {
    const own = certificateFor('pool');
    const { url } = await served({}, { tls: own });
    const socket = connect({ port: portIn(url), host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write('GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    expect(await asked(url, await trustOf(own))).toMatchObject({ kind: 'answered' });
  });
});

describe('the files of http.tls', () => {
  it('are refused when they are missing, or do not belong together', async () => {
    const [one, other] = [certificateFor('pool'), certificateFor('pool')];
    const read = async (cert: string, key: string) =>
      readTlsFiles({ listen: '127.0.0.1:8460', token: null, tls: { cert, key, ca: null } });
    await expect(read('/nonexistent/cert.pem', one.files.key)).rejects.toMatchObject({
      code: 'HTTP_UNAVAILABLE',
      message: '/nonexistent/cert.pem (http.tls.cert) cannot be read.',
    });
    await expect(read(one.files.cert, other.files.key)).rejects.toMatchObject({ code: 'HTTP_UNAVAILABLE' });
    await expect(read(one.files.key, one.files.key)).rejects.toMatchObject({ code: 'HTTP_UNAVAILABLE' });
    expect(await readTlsFiles({ listen: '127.0.0.1:8460', token: null, tls: null })).toBeNull();
  });

  it('are missed when others can listen in', () => {
    const at = (listen: string) => isOpenWide({ listen, token: null, tls: null });
    for (const listen of ['0.0.0.0:8460', '[::]:8460', '10.0.0.1:8460', 'webbox1:8460']) expect(at(listen)).toBe(true);
    for (const listen of ['127.0.0.1:8460', '[::1]:8460', 'localhost:8460']) expect(at(listen)).toBe(false);
    expect(isOpenWide({ listen: '0.0.0.0:8460', token: null, tls: { cert: '/c', key: '/k', ca: null } })).toBe(false);
  });
});

async function trustOf(own: Certificate, authority?: Certificate): Promise<PeerTrust | null> {
  const tls = { ...own.files, ca: authority?.files.cert ?? null };
  return (await readTlsFiles({ listen: '127.0.0.1:8460', token: null, tls }))?.trust ?? null;
}

async function asked(url: string, trust: PeerTrust | null, name = 'webbox2'): Promise<PeerReply> {
  return askPeer({ name, address: '127.0.0.1' }, '/v1/status', { port: portIn(url), token: null, trust });
}

function portIn(url: string): number {
  return Number(new URL(url).port);
}
