import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, openPage } from '../browser/browser.ts';
import { Lab } from '../lab/lab.ts';
import { allHealthy, replaced } from './healing.ts';

const nodes = ['webbox1', 'webbox2', 'webbox3'] as const;
let lab: Lab;
let browser: Browser;

beforeAll(async () => {
  lab = await Lab.up({ nodes: 3, daemons: true });
  browser = await launchBrowser();
  await allHealthy(lab, nodes);
}, 600_000);
afterAll(async () => {
  await browser.close();
  await lab.down();
});

describe('the page of a daemon', () => {
  it('shows without a reload how a node dies and is rebuilt, and goes on after a restart of its daemon', async () => {
    const { address } = await lab.vm('webbox1');
    const page = await openPage(browser, `http://${address}:8460/`);
    const isWell = page.getByRole('heading', { name: 'All 3 nodes are healthy' });
    const card = page.locator('#node-webbox3');
    await isWell.waitFor({ timeout: 60_000 });
    await page.evaluate("document.documentElement.setAttribute('data-same-page', '')");
    const runsBefore = await page.locator('.timeline a').count();

    const old = await lab.vm('webbox3');
    await lab.kill('webbox3');
    await card.locator('.word', { hasText: 'rebuilding' }).waitFor({ timeout: 120_000 });
    await page.getByRole('heading', { name: 'webbox3 is being rebuilt' }).waitFor({ timeout: 30_000 });
    const fresh = await replaced(lab, old);
    await allHealthy(lab, nodes);
    await isWell.waitFor({ timeout: 60_000 });
    await card.getByText(fresh.moid, { exact: true }).waitFor({ timeout: 60_000 });
    // The other survivor may have done it: then it is a fault here, and no run.
    await expect.poll(() => page.locator('.timeline > li').count(), { timeout: 30_000 }).toBeGreaterThan(0);
    const run = page.locator('.timeline li', { hasText: 'rebuild of webbox3' });
    const fault = page.locator('.timeline li', { hasText: 'fault of webbox3' });
    expect((await run.count()) + (await fault.count())).toBeGreaterThan(0);
    expect(await page.locator('.timeline a').count()).toBeGreaterThanOrEqual(runsBefore);

    await lab.daemon('webbox1', 'stop');
    await page.getByRole('alert').filter({ hasText: 'Stale' }).waitFor({ timeout: 60_000 });
    await lab.daemon('webbox1', 'start');
    await page.locator('#stale').waitFor({ state: 'hidden', timeout: 90_000 });
    await isWell.waitFor({ timeout: 120_000 });
    expect(await page.locator('html').getAttribute('data-same-page')).toBe('');
  }, 900_000);
});
