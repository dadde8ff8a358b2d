import { test } from 'vitest';
import * as samples from '../fakes/page-samples.ts';
import { launchBrowser } from './browser.ts';
import { ScriptedController } from './scripted-controller.ts';
test('shots', async () => {
  const browser = await launchBrowser();
  const c = await new ScriptedController(samples.failingPool()).start();
  c.runs = [samples.runningRun, samples.rebuiltRun, samples.failedRun];
  c.faults = samples.sampleFaults;
  for (const [name, path, report, options] of [
    ['light', '/', samples.failingPool(), { colorScheme: 'light' }],
    ['dark', '/', samples.failingPool(), { colorScheme: 'dark' }],
    ['phone', '/', samples.failingPool(), { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
    ['large', '/', samples.largePool(), { viewport: { width: 1280, height: 900 } }],
    ['run', '/runs/01jdrun7', samples.failingPool(), {}],
    [
      'node',
      '/nodes/webbox3',
      samples.sampleReport([samples.sampleNode(1), samples.sampleNode(2), samples.heldNode]),
      {},
    ],
  ] as const) {
    c.report = report;
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      locale: 'en-GB',
      deviceScaleFactor: 1,
      ...options,
    });
    const page = await context.newPage();
    page.on('console', (m) => console.log(name, m.text()));
    page.on('pageerror', (m) => console.log(name, String(m)));
    await page.clock.setFixedTime(new Date(samples.now)).catch(() => undefined);
    await page.goto(c.url + path);
    await page.waitForSelector('.scripted #live', { timeout: 5000 });
    await page.waitForTimeout(900);
    await page.screenshot({ path: `/var/tmp/v/shots/${name}.png`, fullPage: name !== 'large' });
    console.log(name, (await (await fetch(c.url + path)).text()).length);
    await context.close();
  }
  await browser.close();
  await c.stop();
}, 120000);
