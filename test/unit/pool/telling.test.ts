import { describe, expect, it } from 'vitest';
import type { NoticeReport } from '../../../src/pool/notice.ts';
import { sameWithinMs, tellingOf } from '../../../src/pool/telling.ts';

const seen = (age_ms: number, state: NoticeReport['state'] = 'waiting', key = 'k'): NoticeReport => ({
  channel: 'mail',
  key,
  state,
  age_ms,
});
const own = seen(1_000, 'busy');
const telling = (notices: readonly NoticeReport[], all: readonly NoticeReport[] = [own], self = 'webbox2') =>
  tellingOf(own, all, [{ peer: 'webbox1', notices }], self);

describe('a notice that is due', () => {
  it('is told when no peer has told it, and none is about to', () => {
    expect(telling([])).toEqual({ kind: 'tell' });
    expect(telling([seen(500)])).toEqual({ kind: 'tell' });
    expect(tellingOf(own, [own], [], 'webbox2')).toEqual({ kind: 'tell' });
  });

  it('is left to a peer that has told it', () => {
    expect(telling([seen(20_000, 'told')])).toEqual({ kind: 'leave', to: 'webbox1' });
  });

  it('waits for a peer that is busy with it: in its place for a later one, else stepping back', () => {
    expect(telling([seen(0, 'busy')])).toEqual({ kind: 'step-back', after: 'webbox1' });
    expect(telling([seen(0, 'busy')], [own], 'webbox0')).toEqual({ kind: 'stay', after: 'webbox1' });
    const both = ['webbox1', 'webbox3'].map((peer) => ({ peer, notices: [seen(0, 'busy')] }));
    expect(tellingOf(own, [own], both, 'webbox2')).toMatchObject({ kind: 'step-back' });
  });

  it('is another one than what a peer told of another thing, through another channel, or long before', () => {
    expect(telling([seen(1_000, 'told', 'other')])).toEqual({ kind: 'tell' });
    expect(telling([{ ...seen(1_000, 'told'), channel: 'webhook' }])).toEqual({ kind: 'tell' });
    expect(telling([seen(1_001 + sameWithinMs, 'told')])).toEqual({ kind: 'tell' });
    expect(telling([seen(1_000 + sameWithinMs, 'told')])).toMatchObject({ kind: 'leave' });
  });

  it('is another one than what was told when the same thing happened before', () => {
    const before = seen(120_000, 'told');
    expect(telling([before], [own, before])).toEqual({ kind: 'tell' });
    expect(telling([before, seen(2_000, 'told')], [own, before])).toMatchObject({ kind: 'leave' });
  });
});
