import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunEvent } from '../../../src/ansible/event.ts';
import { styleFor } from '../../../src/cli/output.ts';
import { lastLines, plainLine, terminalLines } from '../../../src/cli/progress-lines.ts';
import { createProgress, type Progress, type ProgressOptions } from '../../../src/cli/progress.ts';
import { canAnimate, knowsUnicode } from '../../../src/cli/terminal.ts';
import { displayWidth, fit, inert, wrap } from '../../../src/cli/terminal-text.ts';
import { emptyTimeline, withEvent } from '../../../src/ansible/timeline.ts';
import { clockTime } from '../../../src/cli/when.ts';
import { Story } from './events.ts';
import { Screen } from './screen.ts';

const plain = { width: 79, style: styleFor(false), isUnicode: true };
const timelineOf = (events: readonly RunEvent[]) => events.reduce(withEvent, emptyTimeline);
const startMs = 1_767_261_600_000;

describe('the lines of a log', () => {
  it('name the time, the step, the task, the result and how long it took', () => {
    const [task] = timelineOf(
      new Story().task('fence', 'Power off exactly the judged VM', { seconds: 1.2 }).stats().events,
    ).tasks;
    expect(task && plainLine(task)).toBe(
      `${clockTime(startMs + 1200)} fence: Power off exactly the judged VM ... ok (1.2 s)`,
    );
  });

  it('name the host and the first line of what it said when it failed', () => {
    const story = new Story().task('load', 'Copy', {
      e: 'unreachable',
      host: 'webbox1',
      res: { msg: 'no \u001b[31mroute\nmore' },
    });
    const [task] = timelineOf(story.stats().events).tasks;
    expect(task && plainLine(task)).toMatch(/load: Copy \.\.\. UNREACHABLE on webbox1 \(1\.0 s\): no \\x1b\[31mroute$/);
  });
});

describe('the lines of a terminal', () => {
  const story = new Story().task('look', 'Read the pool', { seconds: 0.9 }).task('fence', 'Power off', { seconds: 64 });
  story.begin('create', 'Deploy the image under the name of the node, powered off, with the mark from birth');

  it('have one line a phase, and beside the running one its task', () => {
    const lines = terminalLines(timelineOf(story.events), startMs + 70_000, 0, plain);
    expect(lines.settled.flat()).toEqual(['✔ look               0.9 s', '✔ fence           1 m 04 s']);
    expect(lines.live).toEqual(['⠋ create             5.1 s  Deploy the image under the name of the node, power…']);
  });

  it('show a failure with its task, its host and its message', () => {
    const failed = new Story().task('verify', 'Ask the web server', {
      e: 'failed',
      host: 'webbox1',
      res: { msg: `502 ${'bad '.repeat(40)}` },
    });
    const lines = terminalLines(timelineOf(failed.stats().events), startMs, 0, plain).settled.flat();
    expect(lines.slice(0, 3)).toEqual([
      '✖ verify             1.0 s',
      '    Ask the web server: FAILED on webbox1',
      `    502 ${'bad '.repeat(18).trimEnd()}`,
    ]);
  });

  it('show what was running when the run was cut off', () => {
    expect(lastLines(timelineOf(story.events), plain).at(-1)).toEqual(['■ create             0.0 s']);
  });

  it.each([80, 40, 20, 7])('never take more than %i columns, whatever the names are', (width) => {
    const odd = new Story()
      .task('a-step-with-a-very-long-name-indeed', '漢字'.repeat(60), {
        e: 'failed',
        host: 'x'.repeat(90),
        res: { msg: '語'.repeat(300) },
      })
      .task('ok', 'e\u0301'.repeat(90));
    odd.begin('now', 'w'.repeat(200));
    for (const isUnicode of [true, false]) {
      const { settled, live } = terminalLines(timelineOf(odd.events), startMs + 5e9, 3, { ...plain, width, isUnicode });
      for (const line of [...settled.flat(), ...live]) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
    }
  });

  it('are ASCII where nothing else can be shown', () => {
    const { settled, live } = terminalLines(timelineOf(story.events), startMs, 1, { ...plain, isUnicode: false });
    for (const line of [...settled.flat(), ...live]) expect(line).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('progress on a terminal', () => {
  it('leaves one clean line a phase, and has drawn over its own lines only', () => {
    const screen = new Screen(80);
    screen.write('$ regrow rebuild webbox1\n');
    const progress = progressOn(screen, true);
    const { events } = new Story()
      .task('look', 'Read')
      .task('fence', 'Power off')
      .task('fence', 'Rename')
      .task('create', 'Deploy')
      .stats();
    for (const [index, event] of events.entries()) {
      progress.event(event);
      if (index === 6) progress.note('note: something happened');
    }
    progress.end();
    expect(screen.lines()).toEqual([
      '$ regrow rebuild webbox1',
      '✔ look               1.0 s',
      'note: something happened',
      '✔ fence              2.0 s',
      '✔ create             1.0 s',
    ]);
  });

  it('turns its spinner without an event, in place, and rests after the end', () => {
    vi.useFakeTimers({ now: startMs });
    onTestFinished(() => void vi.useRealTimers());
    const screen = new Screen(80);
    const progress = progressOn(screen, true);
    const story = new Story();
    story.begin('create', 'Deploy');
    for (const event of story.events) progress.event(event);
    const first = screen.lines();
    vi.advanceTimersByTime(1000);
    expect(first).toEqual(['⠋ create             0.0 s  Deploy']);
    expect(screen.lines()).toEqual(['⠇ create             1.0 s  Deploy']);
    progress.end();
    const count = screen.writes.length;
    vi.advanceTimersByTime(5000);
    expect(screen.writes).toHaveLength(count);
    expect(screen.lines()).toEqual(['■ create             0.0 s']);
  });

  it('draws over its own lines only on a terminal that does not know its size, too', () => {
    const screen = new Screen(80);
    screen.write('$ regrow rebuild webbox1\n');
    const progress = progressOn({ columns: 0, write: (text) => screen.write(text) }, true);
    for (const event of new Story().task('look', 'Read').task('fence', 'Off').stats().events) progress.event(event);
    progress.end();
    expect(screen.lines()).toEqual([
      '$ regrow rebuild webbox1',
      '✔ look               1.0 s',
      '✔ fence              1.0 s',
    ]);
  });

  it('does not blank a line before it writes it, so that nothing flickers', () => {
    const screen = new Screen(80);
    const progress = progressOn(screen, true);
    for (const event of new Story().task('look', 'Read').task('fence', 'Off').stats().events) progress.event(event);
    progress.end();
    const overOldLines = /^\r(<\d+A)?([^\n]*<K\n)*<J$/;
    for (const write of screen.writes) expect(write.replaceAll('\u001b[', '<')).toMatch(overOldLines);
    expect(screen.writes.length).toBe(3);
  });

  it('stays in order when the terminal becomes narrower', () => {
    const screen = new Screen(80);
    const progress = progressOn(screen, true);
    const story = new Story().task('look', 'Read');
    story.begin('create', 'w'.repeat(60));
    for (const event of story.events) progress.event(event);
    screen.resize(40);
    progress.event({ e: 'stats', stats: {}, custom: {}, n: 9, t: 1_767_261_700 });
    progress.end();
    expect(screen.lines()).toEqual(['✔ look               1.0 s', expect.stringMatching(/^✔ create/)]);
  });
});

describe('progress off a terminal', () => {
  it('is one line a task, without colour, animation or what was skipped', () => {
    const screen = new Screen(80);
    const story = new Story()
      .task('look', 'Read')
      .task('look', 'No need', { e: 'skipped' })
      .task('fence', 'Off')
      .stats();
    const progress = progressOn(screen, false);
    for (const event of story.events) progress.event(event);
    progress.end();
    expect(screen.lines()).toEqual([
      expect.stringMatching(/ look: Read \.\.\. ok \(1\.0 s\)$/),
      expect.stringMatching(/ fence: Off \.\.\. ok/),
    ]);
    expect(screen.writes.join('')).not.toContain('\u001b');
  });

  it('says now and then that a long task still runs, and that it was cut off at the end', () => {
    vi.useFakeTimers({ now: startMs });
    onTestFinished(() => void vi.useRealTimers());
    const screen = new Screen(200);
    const progress = progressOn(screen, false);
    const story = new Story();
    story.begin('boot', 'Wait for an address');
    for (const event of story.events) progress.event(event);
    vi.advanceTimersByTime(61_000);
    progress.end();
    vi.advanceTimersByTime(61_000);
    expect(screen.lines().map((line) => line.slice(9))).toEqual([
      'boot: Wait for an address ... still running (30 s)',
      'boot: Wait for an address ... still running (1 m 00 s)',
      'boot: Wait for an address ... cut off (0.0 s)',
    ]);
  });
});

describe('what a terminal can do', () => {
  it('is asked of the environment', () => {
    expect(canAnimate(true, { TERM: 'xterm' })).toBe(true);
    expect(canAnimate(true, { TERM: 'dumb' })).toBe(false);
    expect(canAnimate(false, { TERM: 'xterm' })).toBe(false);
    expect(knowsUnicode({ LANG: 'C.UTF-8', TERM: 'xterm' })).toBe(true);
    expect(knowsUnicode({ LANG: 'C.UTF-8', LC_ALL: 'C' })).toBe(false);
    expect(knowsUnicode({ LANG: 'de_DE.utf8', TERM: 'linux' })).toBe(false);
  });
});

describe('text for a terminal', () => {
  it('is cut, wrapped and made harmless by columns, not characters', () => {
    expect(fit('漢字漢字', 5, true)).toBe('漢字…');
    expect(fit('short', 5, true)).toBe('short');
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('', 7)).toEqual([]);
    expect(inert('a\u001b[2Jb\r\u009b')).toBe('a\\x1b[2Jb\\x0d\\x9b');
  });
});

function progressOn(stream: ProgressOptions['stream'], isAnimated: boolean): Progress {
  return createProgress({ stream, style: styleFor(isAnimated), isAnimated, isUnicode: true, now: Date.now });
}
