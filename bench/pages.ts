import type { PoolReport } from '../src/pool/report.ts';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { expect, test } from 'vitest';
import { launchBrowser } from '../test/browser/browser.ts';
import { ScriptedController } from '../test/browser/scripted-controller.ts';
import * as samples from '../test/fakes/page-samples.ts';
import { publish } from './page.ts';

const images = resolve(import.meta.dirname, '../docs/images');
const loads = Number(process.env['BENCH_LOADS'] ?? 9);

interface Shot extends BrowserContextOptions {
  readonly name: string;
  readonly report: PoolReport;
  readonly path?: string;
  readonly isWhole?: boolean;
}

const trouble = samples.sampleReport(
  [samples.sampleNode(1), samples.sampleNode(2, { paused: true }), samples.heldNode],
  {
    pauses: [{ scope: 'node/webbox2', until: samples.before(-3600), reason: 'new disk', by: 'alice', at: samples.now }],
    mode: 'approve',
  },
);
const asking = samples.sampleReport([samples.sampleNode(1), samples.sampleNode(2), samples.awaitingNode], {
  mode: 'approve',
});
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true };

const shots: readonly Shot[] = [
  { name: 'page-light', report: samples.failingPool(), colorScheme: 'light', isWhole: true },
  { name: 'page-dark', report: samples.failingPool(), colorScheme: 'dark', isWhole: true },
  { name: 'page-healthy', report: samples.healthyPool(), colorScheme: 'light' },
  { name: 'page-held', report: trouble, colorScheme: 'light' },
  { name: 'page-approval', report: asking, colorScheme: 'light' },
  { name: 'page-phone', report: samples.failingPool(), colorScheme: 'light', ...phone },
  { name: 'page-phone-dark', report: trouble, colorScheme: 'dark', ...phone },
  { name: 'page-1000', report: samples.largePool(), colorScheme: 'light' },
  { name: 'page-1000-dark', report: samples.largePool(), colorScheme: 'dark' },
  { name: 'page-run', report: samples.failingPool(), path: '/runs/01jdrun7', colorScheme: 'light', isWhole: true },
];

async function controllerOf(report: PoolReport): Promise<ScriptedController> {
  const controller = await new ScriptedController(report).start();
  controller.runs = report.nodes.length > 50 ? [] : [samples.runningRun, samples.rebuiltRun, samples.failedRun];
  controller.faults = samples.sampleFaults;
  return controller;
}

async function take(browser: Browser, { name, report, path = '/', isWhole = false, ...options }: Shot): Promise<void> {
  const controller = await controllerOf(report);
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  // Ages as they are at the samples' present.
  await page.clock.setFixedTime(new Date(samples.now));
  await page.goto(controller.url + path);
  if (path === '/') await page.getByText('controllers did not answer').waitFor({ state: 'attached' });
  await page.screenshot({ path: `${images}/${name}.png`, fullPage: isWhole });
  await context.close();
  await controller.stop();
}

/** Milliseconds from the request to what is seen first, and until all can be used. */
async function paintOf(browser: Browser, url: string): Promise<readonly [painted: number, ready: number]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('.scripted').waitFor();
  await expect.poll(async () => page.evaluate("performance.getEntriesByName('first-contentful-paint').length")).toBe(1);
  const times = await page.evaluate<[number, number]>(
    "[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByType('navigation')[0].domInteractive]",
  );
  await context.close();
  return times;
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms (${Math.round(sorted[0] ?? 0)} to ${Math.round(sorted.at(-1) ?? 0)})`;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}

async function rowOf(browser: Browser, nodes: number): Promise<string> {
  const controller = await controllerOf(nodes === 3 ? samples.failingPool() : samples.largePool(nodes));
  const answer = await fetch(controller.url, { headers: { 'accept-encoding': 'gzip' } });
  const sent = Number(answer.headers.get('content-length'));
  const bytes = Buffer.byteLength(await answer.text());
  // The first load makes up the sample's history, and is none of the page's work.
  await paintOf(browser, controller.url);
  const times: (readonly [number, number])[] = [];
  for (let load = 0; load < loads; load += 1) times.push(await paintOf(browser, controller.url));
  await controller.stop();
  const [painted, ready] = [0, 1].map((index) => median(times.map((each) => each[index] ?? 0)));
  return `| ${nodes} | ${kilobytes(bytes)} | ${kilobytes(sent)} | ${painted} | ${ready} |`;
}

test('pages', async () => {
  await mkdir(images, { recursive: true });
  const browser = await launchBrowser();
  for (const shot of shots) await take(browser, shot);
  const rows: string[] = [];
  for (const nodes of [3, 100, 1000]) rows.push(await rowOf(browser, nodes));
  const head = `Chromium ${browser.version()}, headless, ${loads} loads each: median (least to most).`;
  await browser.close();
  const table = ['| nodes | page | as sent | first paint | ready |', '| --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
  await publish('pages', `${head}\n\n${table}`);
  console.log(table);
});
