import type { PoolReport } from '../../src/pool/report.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import * as samples from '../fakes/page-samples.ts';
import { launchBrowser, openPage } from './browser.ts';
import { ScriptedController } from './scripted-controller.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(async () => browser.close());

async function controllerOf(report: PoolReport): Promise<ScriptedController> {
  const controller = await new ScriptedController(report).start();
  onTestFinished(() => controller.stop());
  return controller;
}

/** Marks elements, to see later whether they are still the same ones. */
async function mark(page: Page, selector: string): Promise<void> {
  await page
    .locator(selector)
    .evaluateAll((elements) => elements.forEach((each) => each.setAttribute('data-marked', '')));
}

const isMarked = (page: Page, selector: string): Promise<boolean> =>
  page.locator(selector).evaluate((element) => element.hasAttribute('data-marked'));

describe('a page that is open', { timeout: 60_000 }, () => {
  it('turns with its node: card, banner, title, timeline; and touches nothing that is the same', async () => {
    const controller = await controllerOf(samples.healthyPool());
    const page = await openPage(browser, controller.url);
    await page.getByRole('heading', { name: 'All 3 nodes are healthy' }).waitFor();
    await mark(page, '#node-webbox2 > *');
    await mark(page, '#node-webbox3 > *');

    controller.report = samples.failingPool();
    controller.runs = [samples.runningRun];
    controller.tell();
    await page.getByRole('heading', { name: 'webbox3 is being rebuilt' }).waitFor();
    expect(await page.locator('#nodes > li').first().getAttribute('id')).toBe('node-webbox3');
    expect(await page.title()).toContain('webbox3 is being rebuilt');
    await page.locator('.timeline').getByText('rebuild of webbox3').waitFor();
    expect(await isMarked(page, '#node-webbox2 > [data-key=head]')).toBe(true);
    expect(await isMarked(page, '#node-webbox2 > [data-key=facts]')).toBe(true);
    expect(await isMarked(page, '#node-webbox3 > [data-key=head]')).toBe(false);

    controller.report = samples.healthyPool();
    controller.runs = [{ ...samples.rebuiltRun, node: 'webbox3', id: samples.runningRun.id }];
    controller.tell();
    await page.getByRole('heading', { name: 'All 3 nodes are healthy' }).waitFor();
    await page.locator('.timeline').getByText('rebuilt', { exact: true }).waitFor();
  });

  it('makes one question of many events', async () => {
    const controller = await controllerOf(samples.healthyPool());
    const page = await openPage(browser, controller.url);
    await expect.poll(() => controller.streamsFrom.length).toBe(1);
    const before = controller.pagesAsked;
    controller.report = samples.failingPool();
    for (let count = 0; count < 200; count += 1) controller.tell();
    await page.getByRole('heading', { name: 'webbox3 is being rebuilt' }).waitFor();
    expect(controller.pagesAsked - before).toBeLessThan(6);
  });

  it('says that it is stale while its controller is gone, and goes on after the last event when it is back', async () => {
    const controller = await controllerOf(samples.healthyPool());
    const page = await openPage(browser, controller.url);
    await expect.poll(() => controller.streamsFrom).toEqual([100]);
    controller.report = samples.failingPool();
    controller.tell();
    await page.getByRole('heading', { name: 'webbox3 is being rebuilt' }).waitFor();
    await controller.stop();
    await page.getByRole('alert').filter({ hasText: 'Stale' }).waitFor({ timeout: 20_000 });

    controller.report = samples.healthyPool();
    controller.tell();
    await controller.start();
    await page.getByRole('heading', { name: 'All 3 nodes are healthy' }).waitFor({ timeout: 30_000 });
    await page.locator('#stale').waitFor({ state: 'hidden' });
    expect(controller.streamsFrom.slice(0, 2)).toEqual([100, 101]);
  });

  it('streams the tasks and the log of a run, and leaves unfolded what was unfolded', async () => {
    const controller = await controllerOf(samples.failingPool());
    controller.runs = [samples.runningRun];
    const page = await openPage(browser, `${controller.url}/runs/01jdrun9#L3`);
    await page.locator('#L3').waitFor({ state: 'visible' });
    await page.locator('#decision summary').click();

    const output = `${samples.runningRun.output}TASK [certify : Write the note] ***\n`;
    controller.runs = [{ ...samples.rebuiltRun, id: '01jdrun9', node: 'webbox3', output }];
    controller.tell();
    await page.getByText('TASK [certify : Write the note]').waitFor({ state: 'visible' });
    await page.getByRole('heading', { name: 'Rebuild of webbox3 rebuilt' }).waitFor();
    expect(await page.locator('#decision').getAttribute('open')).toBe('');
  });

  it('tells what the other controllers see, and which did not answer', async () => {
    const controller = await controllerOf(samples.failingPool());
    const page = await openPage(browser, controller.url);
    await page.getByText('1 of 3 controllers did not answer: webbox3.').waitFor();
    await page.getByRole('row', { name: /webbox2 .*rebuilding/ }).waitFor();
  });

  it('shows another range of time without leaving the page', async () => {
    const controller = await controllerOf(samples.healthyPool());
    const page = await openPage(browser, controller.url);
    await mark(page, '#search');
    await page.getByRole('link', { name: '7d' }).click();
    await page.getByRole('img', { name: 'last 7d' }).first().waitFor();
    expect(new URL(page.url()).search).toBe('?range=7d');
    expect(await isMarked(page, '#search')).toBe(true);
    await page.goBack();
    await page.getByRole('img', { name: 'last 1h' }).first().waitFor();
  });

  it('is read without a script: state, why and history, and nothing that would not work', async () => {
    const controller = await controllerOf(samples.failingPool());
    controller.runs = [samples.runningRun];
    const page = await openPage(browser, controller.url, { javaScriptEnabled: false });
    await page.getByRole('heading', { name: 'webbox3 is being rebuilt' }).waitFor();
    expect(await page.locator('#node-webbox3 .why').textContent()).toContain('ping failed');
    expect(await page.locator('.timeline').isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
    expect(await page.locator('#search').isVisible()).toBe(false);
    await page.getByRole('link', { name: '24h' }).click();
    await page.getByRole('img', { name: 'last 24h' }).first().waitFor();
  });
});
