import { describe, expect, it } from 'vitest';
import { DrawnHistory } from '../../../../src/http/page/drawn-history.ts';
import { heartbeatBars, responseLine } from '../../../../src/http/page/heartbeat.ts';
import type { HistoryBucketReport, HistoryReport } from '../../../../src/pool/history-report.ts';

const from = '2026-01-01T00:00:00.000Z';
const latency = (mean: number): HistoryBucketReport['latency_ms'] => ({ min: mean, mean, max: mean });

/** A history of one node, its buckets by minute and result: [minute, ok, failed, unknown]. */
function history(
  results: readonly (readonly [number, number, number, number])[],
  more: Partial<HistoryReport> = {},
): HistoryReport {
  const buckets = results.map(([minute, ok, failed, unknown]) => ({
    at: new Date(Date.parse(from) + minute * 60_000).toISOString(),
    ok,
    failed,
    unknown,
    latency_ms: ok > 0 ? latency(minute + 1) : null,
  }));
  return { range: '1h', bucket_seconds: 60, from, nodes: { a: { ping: buckets } }, ...more };
}

describe('the bars of a node', () => {
  it('show the worst of each bucket: failed, failed at times, well, nobody looked', () => {
    const { bars, drawing } = heartbeatBars(
      history([
        [0, 3, 0, 0],
        [1, 3, 0, 0],
        [2, 1, 2, 0],
        [3, 0, 3, 0],
        [5, 0, 0, 3],
      ]),
      'a',
    );
    expect(drawing.text).toContain('<path class="beat ok" d="M0 13H2"/>');
    expect(drawing.text).toContain('<path class="beat partly" d="M2 12H3"/>');
    expect(drawing.text).toContain('<path class="beat failed" d="M3 10H4"/>');
    expect(drawing.text).toContain('<path class="beat none" d="M4 18H60"/>');
    expect(bars.text).toContain('last 1h, 60 bars of 1 min: failed in 1, failed at times in 1, nobody looked in 56');
  });

  it('show the worst of all checks, and of all buckets that one bar stands for', () => {
    const minutes = history([[0, 3, 0, 0]]).nodes['a']?.['ping'] ?? [];
    const failed = history([[7, 0, 3, 0]]).nodes['a']?.['ping'] ?? [];
    const day = history([], { range: '24h', nodes: { a: { ping: minutes, web: failed } } });
    const { bars, drawing } = heartbeatBars(day, 'a');
    expect(drawing.text).toContain('<path class="beat failed" d="M0 10H1"/>');
    expect(bars.text).toContain('60 bars of 24 min');
  });

  it.each<[HistoryReport['range'], number, number, string]>([
    ['7d', 3600, 56, '3 h'],
    ['30d', 3600, 60, '12 h'],
    ['30d', 86_400, 30, '24 h'],
  ])('are at most sixty over %s of %i s', (range, seconds, count, each) => {
    expect(heartbeatBars(history([], { range, bucket_seconds: seconds }), 'a').bars.text).toContain(
      `${count} bars of ${each}:`,
    );
  });

  it('are grey for a node that nobody looked at, and ignore what lies outside the range', () => {
    expect(heartbeatBars(history([]), 'b').drawing.text).toContain('<path class="beat none" d="M0 18H60"/>');
    expect(
      heartbeatBars(
        history([
          [-1, 0, 3, 0],
          [60, 0, 3, 0],
        ]),
        'a',
      ).drawing.text,
    ).not.toContain('failed');
  });

  it('refer to one drawing when they are alike, and to another when they are not', () => {
    const well = { ping: history([[0, 3, 0, 0]]).nodes['a']?.['ping'] ?? [] };
    const ill = { ping: history([[0, 0, 3, 0]]).nodes['a']?.['ping'] ?? [] };
    const drawn = new DrawnHistory(history([], { nodes: { a: well, b: well, c: ill } }));
    const drawings = drawn.drawings(['a', 'b', 'c']).text;
    expect(drawings.match(/<symbol id="[^"]*"/g)).toEqual([
      '<symbol id="beats-1ok-59none"',
      '<symbol id="beats-1failed-59none"',
    ]);
    expect(['a', 'b', 'c'].map((node) => /href="([^"]*)"/.exec(drawn.bars(node).text)?.[1])).toEqual([
      '#beats-1ok-59none',
      '#beats-1ok-59none',
      '#beats-1failed-59none',
    ]);
  });
});

describe('the response times of a node', () => {
  it('are a line with a gap where none was measured', () => {
    const line = responseLine(
      history([
        [0, 1, 0, 0],
        [1, 1, 0, 0],
        [3, 1, 0, 0],
      ]),
      'a',
    )?.text;
    expect(line).toContain('d="M0.5 14.0h.01L1.5 10.0M3.5 2.0h.01"');
    expect(line).toContain('response time of ping: 1.0 ms to 4.0 ms, last 4.0 ms');
  });

  it('are not there when no check has any', () => {
    expect(responseLine(history([[0, 0, 3, 0]]), 'a')).toBeUndefined();
    expect(responseLine(history([]), 'b')).toBeUndefined();
  });
});
