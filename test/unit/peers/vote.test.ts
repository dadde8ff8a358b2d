import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { askVotes } from '../../../src/peers/all-votes.ts';
import { oneVoiceEach, type Vote } from '../../../src/pool/consultation.ts';
import { askVote, witnessAddress } from '../../../src/peers/vote.ts';
import { serve, token } from './controllers.ts';

const observation = {
  controller: 'web2',
  node: 'web3',
  vm: { moid: 'vm-1', instance_uuid: 'uuid-1' },
  verdict: 'unhealthy',
  age_ms: 5,
  trusted: true,
};
const silent = { observer: 'web2', answer: 'silent', subject: null, ageMs: null, isTrusted: false };

async function ask(answer: RequestListener, presented = token) {
  return askVote({ name: 'web2', address: '127.0.0.1' }, 'web3', { port: await serve(answer), token: presented });
}

const says =
  (what: unknown): RequestListener =>
  (_, response) =>
    void response.end(typeof what === 'string' ? what : JSON.stringify(what));

describe('the vote of an observer', () => {
  it('is what it answers, asked for with the token', async () => {
    const asked: unknown[] = [];
    const reply = await ask(({ url, headers }, response) => {
      asked.push([url, headers.authorization]);
      response.end(JSON.stringify({ ...observation, more: 'is left unread' }));
    });
    expect(asked).toEqual([['/v1/observations/web3', `Bearer ${token}`]]);
    expect(reply).toMatchObject({
      observer: 'web2',
      answer: 'unhealthy',
      subject: 'uuid-1',
      ageMs: 5,
      isTrusted: true,
    });
  });

  it('tells what holds that controller, whatever the gate; one of an earlier version tells of nothing', async () => {
    const holds = [
      { gate: 'paused', message: 'pool is paused: move' },
      { gate: 'of_tomorrow', message: '?'.repeat(10_000) },
    ];
    expect(await ask(says({ ...observation, holds }))).toMatchObject({ answer: 'unhealthy', holds });
    expect(await ask(says(observation))).toMatchObject({ answer: 'unhealthy', holds: [] });
  });

  it('tells when it knows no VM, measured nothing, or does not trust itself', async () => {
    const reply = await ask(says({ ...observation, vm: null, age_ms: null, trusted: false, verdict: 'unknown' }));
    expect(reply).toMatchObject({ answer: 'unknown', subject: null, ageMs: null, isTrusted: false });
  });

  it.each<readonly [string, RequestListener, RegExp]>([
    ['a wrong token', (_, response) => void response.writeHead(401).end(), /HTTP 401/],
    ['an error', (_, response) => void response.writeHead(500).end(), /HTTP 500/],
    ['another node', says({ ...observation, node: 'web4' }), /spoke of web4/],
    ['the answer of another controller', says({ ...observation, controller: 'web4' }), /web4 answers at its address/],
    ['no name of who tells', says({ ...observation, controller: undefined }), /no observation/],
    ['no JSON', says('<html>'), /no observation/],
    ['a list', says([observation]), /no observation/],
    ['an unheard verdict', says({ ...observation, verdict: 'dead' }), /no observation/],
    ['a negative age', says({ ...observation, age_ms: -1 }), /no observation/],
    ['an age in words', says({ ...observation, age_ms: '5' }), /no observation/],
    ['no word of trust', says({ ...observation, trusted: undefined }), /no observation/],
    ['a huge answer', says({ ...observation, more: 'x'.repeat(70_000) }), /larger/],
    ['a broken connection', (_, response) => void response.destroy(), /ECONNRESET|hang up/],
  ])('is silence after %s', async (_, answer, detail) => {
    expect(await ask(answer)).toMatchObject({ ...silent, detail: expect.stringMatching(detail) });
  });

  it('of a witness is the word of whoever has its address', async () => {
    const port = await serve(says({ ...observation, controller: 'admin' }));
    const vote = await askVote({ name: 'w', address: '127.0.0.1' }, 'web3', { port, token, isNamed: true });
    expect(vote).toMatchObject({ observer: 'w', answer: 'unhealthy' });
  });

  it('is silence after its deadline, whether nothing comes or it never ends', async () => {
    const [never, endless] = await Promise.all([
      ask(() => undefined),
      ask((_, response) => {
        response.write('{');
        const drip = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(drip));
      }),
    ]);
    for (const reply of [never, endless])
      expect(reply).toMatchObject({ ...silent, detail: 'it did not answer in time' });
  });

  it('is silence where nobody listens', async () => {
    const reply = await askVote({ name: 'web2', address: '127.0.0.1' }, 'web3', { port: 1, token });
    expect(reply).toMatchObject({ ...silent, detail: 'ECONNREFUSED' });
  });
});

it.each([
  ['admin.example.org', { host: 'admin.example.org', port: 8460 }],
  ['10.0.0.1:99', { host: '10.0.0.1', port: 99 }],
  ['[fd00::1]', { host: 'fd00::1', port: 8460 }],
  ['[fd00::1]:99', { host: 'fd00::1', port: 99 }],
])('the witness %s is asked where it says', (text, address) => expect(witnessAddress(text, 8460)).toEqual(address));

describe('one controller', () => {
  it('is one voice, whatever addresses lead to it, and none of who asks', async () => {
    const port = await serve(says({ ...observation, controller: 'watcher' }));
    const witnesses = [`127.0.0.1:${port}`, `localhost:${port}`];
    const electors = { node: 'web3', observers: [], witnesses, addresses: new Map(), listen: ':1', token, trust: null };
    const answers = async (asker: string): Promise<readonly string[]> =>
      (await askVotes({ ...electors, asker })).map(({ answer }) => answer);
    expect(await answers('web1')).toEqual(['unhealthy', 'silent']);
    expect(await answers('watcher')).toEqual(['silent', 'silent']);
  });

  it('that goes by another one’s name silences neither its sign of life nor what holds it', () => {
    const liar: Vote = {
      observer: '10.0.0.8',
      controller: 'watcher',
      answer: 'unhealthy',
      subject: 'uuid-1',
      ageMs: 5,
      isTrusted: true,
      latencyMs: 1,
      detail: '',
    };
    const alive: Vote = { ...liar, observer: '10.0.0.9', answer: 'healthy' };
    const holds = [{ gate: 'paused', message: 'pool is paused: move' }];
    expect(oneVoiceEach([liar, alive], 'web1')).toEqual([liar, alive]);
    expect(oneVoiceEach([liar, { ...liar, observer: '10.0.0.9', holds }], 'web1')).toMatchObject([
      { answer: 'unhealthy' },
      { answer: 'silent', holds },
    ]);
  });
});
