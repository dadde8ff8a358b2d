import { describe, expect, it } from 'vitest';
import { loadAssets } from '../../../../src/http/page/assets.ts';
import { runPage } from '../../../../src/http/page/run-page.ts';
import type { RunPageView } from '../../../../src/http/page/page-view.ts';
import * as samples from '../../../fakes/page-samples.ts';

const pageOf = (run: RunPageView): string => runPage(samples.failingPool(), run, 7, loadAssets());

describe("a run's page", () => {
  it('tells what became of it, why, what to do, and what it was about', () => {
    const page = pageOf(samples.failedRun);
    expect(page).toContain('Rebuild of webbox2');
    expect(page).toContain('failed: no_capacity');
    expect(page).toContain('datastore ds1 has 1.2 GiB free');
    expect(page).toContain('Make room on the datastore');
    expect(page).toContain('5031c3d8-1003-4a1e-9d0c-88f1b2c3d4e5');
    expect(page).toContain('Insufficient disk space on datastore ds1.');
    expect(page).toContain('all 6 gates pass');
  });

  it('asks for an answer while the run waits for one, and not of any other run', () => {
    const waiting = pageOf({ ...samples.runningRun, state: 'awaiting_approval', step: null, tasks: [] });
    expect(waiting).toContain('waits for approval');
    expect(waiting).toContain('data-act="approve" data-node="webbox3" data-run="01jdrun9"');
    expect(waiting).toContain('data-act="reject" data-node="webbox3" data-run="01jdrun9"');
    expect(pageOf(samples.runningRun)).not.toContain('data-act="approve"');
  });

  it('has a place for each task and each line of the log, to link to', () => {
    const page = pageOf(samples.runningRun);
    expect(page.match(/id="task-\d+"/g)).toHaveLength(samples.runningRun.tasks.length);
    expect(page).toMatch(/id="L38" class=""> <a href="#L38">38<\/a>/);
    expect(page).toMatch(/class="head"> <a href="#L3">3<\/a><span>TASK \[rebuild : Step 1 /);
  });

  it('shows the end of a long log, and says how much is not shown', () => {
    const output = Array.from({ length: 2500 }, (_, index) => `line ${index + 1} <b>`).join('\n');
    const page = pageOf({ ...samples.runningRun, output });
    expect(page).toContain('500 earlier lines');
    expect(page).not.toContain('id="L500"');
    expect(page).toContain('id="L501"');
    expect(page).toContain('line 2500 &lt;b&gt;');
  });

  it('says so when there is neither task nor output', () => {
    const page = pageOf({ ...samples.runningRun, tasks: [], output: '', decision: null });
    expect(page).toContain('No task was begun.');
    expect(page).toContain('There is no output');
    expect(page).not.toContain('Why it acted');
  });
});
