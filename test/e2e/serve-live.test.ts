/** The pages of `swaplab serve` in Debian's Chromium, while an endurance run lives. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openBrowser } from './browser.ts';
import { startServer, type Served } from './serve-support.ts';
import { ended, Workplace } from './swaplab.ts';

const FIRST = { trace: 'pages 2000\nW 0 2000 seq 2000 1 rand\nR 0 2000 rand 2000 3 -\n' } as const;
const LIVE_RUN = 2;

describe.skipIf(!hasChromium)('pages of the server in a browser', () => {
  const place = new Workplace();
  const said: string[] = [];
  let served: Served;
  let browser: Browser;
  let endurance: ChildProcessWithoutNullStreams;

  beforeAll(async () => {
    const trace = place.write('t.trace', FIRST.trace);
    place.swaplab('run', '--trace', trace, '--memory', '2M', '--swap', '64M', '--name', 'first');
    [served, browser] = await Promise.all([startServer(place), openBrowser()]);
    const line = ['--duration', '6s', '--interval', '500ms', '--fault', 'eio-read,ppm=200'];
    endurance = place.start('endure', ...line, '--swap', '16M', '--zswap', '-q');
    await untilLive();
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    served.child.kill();
    endurance.kill();
    await Promise.all([ended(served.child), ended(endurance)]);
    place.remove();
  });

  async function untilLive(): Promise<void> {
    for (;;) {
      const { status, body } = await served.ask(`/runs/${LIVE_RUN}/live`);
      if (
        status === 200 &&
        (JSON.parse(body) as { parts: Record<string, string> }).parts['live-charts']?.includes(
          '<svg',
        )
      )
        return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function open(target: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.on('console', (message) => said.push(`${target}: ${message.text()}`));
    page.on('pageerror', (error) => said.push(`${target}: ${error.message}`));
    page.on('request', (request) => {
      if (!/^data:/.test(request.url()) && !request.url().startsWith(served.url))
        said.push(request.url());
    });
    await page.goto(new URL(target, served.url).href);
    return page;
  }

  const operations = async (page: Page): Promise<string> =>
    await page.locator('dt:text-is("operations") + dd').innerText();

  it('show a live run going on, and its report when it has ended', async () => {
    const page = await open(`/runs/${LIVE_RUN}`);
    const still = await open(`/runs/${LIVE_RUN}`, { javaScriptEnabled: false });
    const list = await open('/', { viewport: { width: 390, height: 800 } });
    const first = await operations(page);
    expect(await page.locator('figure svg.chart path.line').count()).toBeGreaterThanOrEqual(2);
    expect(await page.locator('#live-figures dt').allInnerTexts()).toEqual(
      expect.arrayContaining(['pages checked', 'zswap pool', 'pages in zswap']),
    );
    // The list has the run on top, keeps ticks while it changes, and fits a telephone.
    await list.locator(`#run-1 input`).check();
    const before = await list.locator(`#run-${LIVE_RUN}`).innerText();
    expect(before).toContain('running');
    expect(await list.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.waitForFunction(
      (old) => document.querySelector('#live-figures')?.textContent.includes(old) === false,
      first,
    );
    // Without scripts the whole page is loaded again.
    const stillFirst = await operations(still);
    await still.waitForEvent('load');
    if ((await still.locator('#live-figures').count()) > 0)
      expect(await operations(still)).not.toBe(stillFirst);
    await page.waitForSelector('h2#comparison', { timeout: 50_000 });
    expect(await page.locator('[data-live]').count()).toBe(0);
    expect(await ended(endurance)).toBe(0);
    await list.waitForFunction(
      (row) => document.querySelector(row)?.textContent.includes('running') === false,
      `#run-${LIVE_RUN}`,
    );
    expect(await list.locator(`#run-1 input`).isChecked()).toBe(true);
    expect(said).toEqual([]);
  });

  it('lead from ticks in the list to a comparison and back', async () => {
    const page = await open('/?sort=run');
    expect(await page.locator('th[aria-sort=ascending]').innerText()).toContain('run');
    for (const run of [1, LIVE_RUN]) await page.locator(`#run-${run} input`).check();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.waitForURL(/\/report\?run=1&run=2$/);
    expect(await page.locator('h1').innerText()).toContain('compared');
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.waitForSelector('#run-rows');
    await page.locator('th a', { hasText: 'virtual time' }).click();
    await page.waitForURL(/sort=virtual%2Cdesc/);
    expect(said).toEqual([]);
  });
});
