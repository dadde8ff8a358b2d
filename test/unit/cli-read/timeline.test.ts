import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/ansible/event.ts';
import { emptyTimeline, justEnded, withEvent, type Timeline } from '../../../src/ansible/timeline.ts';
import { Story } from './events.ts';

const timelineOf = (events: readonly RunEvent[]): Timeline => events.reduce(withEvent, emptyTimeline);
const outcomes = (story: Story) => timelineOf(story.events).tasks.map((task) => task.outcome);

describe('the timeline of a run', () => {
  it('has each task with its step, its times and what became of it', () => {
    const story = new Story(100)
      .task('fence', 'Power off', { seconds: 2, res: { changed: true } })
      .task('fence', 'Rename')
      .stats();
    expect(timelineOf(story.events)).toMatchObject({
      isComplete: true,
      tasks: [
        { step: 'fence', name: 'Power off', startedMs: 100_000, endedMs: 102_000, outcome: 'changed' },
        { step: 'fence', name: 'Rename', startedMs: 102_000, endedMs: 103_000, outcome: 'ok' },
      ],
    });
  });

  it('takes a task without a step to the step before it', () => {
    const story = new Story().task(null, 'a').task('look', 'b').task(null, 'c');
    expect(timelineOf(story.events).tasks.map((task) => task.step)).toEqual(['start', 'look', 'look']);
  });

  it('takes the worst of several hosts, names those that failed, and ends with the last one', () => {
    const story = new Story(0);
    const task = story.begin('load', 'Copy', { host: 'a' });
    story.push({ e: 'host_start', host: 'b', task: task.id });
    story.wait(1).push({ e: 'failed', host: 'b', task, start: 0, res: { msg: 'no room' }, ignored: false });
    story.wait(1).push({ e: 'ok', host: 'a', task, start: 0, res: {}, ignored: false });
    expect(timelineOf(story.events).tasks[0]).toMatchObject({ endedMs: null, waitingFor: [] });
    expect(timelineOf(story.stats().events).tasks[0]).toMatchObject({
      outcome: 'failed',
      failedHosts: ['b'],
      message: 'no room',
      endedMs: 2000,
    });
  });

  it('knows what is ignored, skipped, and what nobody was given', () => {
    const story = new Story().task('s', 'a', { e: 'failed', ignored: true }).task('s', 'b', { e: 'skipped' });
    story.push({ e: 'task_start', task: { ...story.begin('s', 'x'), id: 'none' }, handler: false });
    expect(outcomes(story.stats())).toEqual(['ignored', 'skipped', null, 'skipped']);
  });

  it('has nothing to show of a task that only brings others, unless that fails', () => {
    const story = new Story();
    for (const e of ['ok', 'failed'] as const) {
      const task = { ...story.begin('look', 'Look'), action: 'ansible.builtin.include_tasks' };
      story.push({ e, host: 'localhost', task, start: 0, res: {}, ignored: false });
    }
    expect(outcomes(story.stats())).toEqual(['skipped', 'failed']);
  });

  it('takes a failure for answered only by a rescue in its own step', () => {
    const inside = new Story().task('look', 'a', { e: 'failed' }).task('look', 'b', { section: 'rescue' }).stats();
    expect(outcomes(inside)).toEqual(['rescued', 'ok']);
    const givingUp = new Story().task('boot', 'a', { e: 'failed' }).task('abandon', 'b', { section: 'rescue' }).stats();
    expect(outcomes(givingUp)).toEqual(['failed', 'ok']);
  });

  it('leaves a failure that was not the last one as it is', () => {
    const story = new Story().task('a', 'one', { e: 'failed' }).task('a', 'two', { e: 'failed' });
    story.task('a', 'three', { section: 'rescue' }).stats();
    expect(outcomes(story)).toEqual(['failed', 'rescued', 'ok']);
  });

  it('counts attempts and items', () => {
    const story = new Story();
    const task = story.begin('boot', 'Wait');
    for (const e of ['retry', 'retry', 'item_ok'] as const)
      story.push({ e, host: 'localhost', task, start: 0, res: {}, ignored: false });
    expect(timelineOf(story.events).tasks[0]).toMatchObject({ retries: 2, items: 1 });
  });

  it('leaves the last task open when the run was cut off', () => {
    const story = new Story().task('create', 'a');
    story.begin('create', 'b');
    expect(timelineOf(story.events)).toMatchObject({
      isComplete: false,
      tasks: [{ outcome: 'ok' }, { outcome: null, endedMs: null }],
    });
  });

  it('gives each ended task once, in order', () => {
    const { events } = new Story().task('a', 'one').task('a', 'two').stats();
    let timeline = emptyTimeline;
    const ended: string[] = [];
    for (const event of events) {
      const next = withEvent(timeline, event);
      ended.push(...justEnded(timeline, next).map((task) => task.name));
      timeline = next;
    }
    expect(ended).toEqual(['one', 'two']);
  });

  it('passes over results of tasks that it does not know', () => {
    const { events } = new Story().task('a', 'one');
    expect(timelineOf(events.slice(2)).tasks).toEqual([]);
  });
});
