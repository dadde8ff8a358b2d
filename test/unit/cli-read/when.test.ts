import { describe, expect, it, onTestFinished } from 'vitest';
import { ago, clockTime, duration, localTime, shortTime, took, withLocalTimes } from '../../../src/cli/when.ts';

describe('times for people', () => {
  it('are in the zone of the machine', () => {
    const zone = process.env['TZ'];
    onTestFinished(() => {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    });
    process.env['TZ'] = 'Asia/Tokyo';
    expect(localTime('2026-01-31T23:05:09.999Z')).toBe('2026-02-01 08:05:09');
    expect(shortTime('2026-01-31T23:05:09.999Z')).toBe('02-01 08:05');
    expect(clockTime(Date.parse('2026-01-31T23:05:09Z'))).toBe('08:05:09');
    expect(localTime('no time')).toBe('no time');
  });

  it.each([
    [0, '0.0 s'],
    [1234, '1.2 s'],
    [9960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 m 00 s'],
    [3_599_600, '1 h 00 m'],
    [7_830_000, '2 h 10 m'],
    [273_600_000, '3 d 4 h'],
    [-5, '0.0 s'],
  ])('tell how long %i ms are', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('tell how long ago something was, and how long it took', () => {
    const nowMs = Date.parse('2026-01-02T00:00:00Z');
    expect(
      ['2026-01-01T23:59:57Z', '2026-01-01T23:48:00Z', '2026-01-01T12:00:00Z', '2025-12-30T00:00:00Z'].map((iso) =>
        ago(iso, nowMs),
      ),
    ).toEqual(['3 s ago', '12 m ago', '12 h ago', '3 d ago']);
    expect(took('2026-01-01T00:00:00Z', '2026-01-01T00:01:05Z')).toBe('1 m 05 s');
    expect(took('2026-01-01T00:00:00Z', null)).toBe('-');
  });
});

describe('a text with times of the interface', () => {
  it('has them in this machine’s zone, and nothing else changed', () => {
    const iso = '2026-01-31T12:00:03.565Z';
    expect(withLocalTimes(`node/a is paused until ${iso}: disk 2026-01-31`)).toBe(
      `node/a is paused until ${localTime(iso)}: disk 2026-01-31`,
    );
    expect(withLocalTimes('nothing of that kind')).toBe('nothing of that kind');
  });
});
