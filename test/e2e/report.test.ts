/** `swaplab report` of a comparison of five designs, opened in Debian's Chromium. */
import { readFileSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, openBrowser, watch, type Misdeeds } from './browser.ts';
import { Workplace, type Outcome } from './swaplab.ts';

const DESIGNS = ['xarray', 'swap-table', 'vswap', 'ghost', 'xswap'];
const TITLE = 'Five <designs> & "zswap"';
const TRACE = `pages 1600
W 0 1600 seq 1600 1 spread
R 0 1600 hot 1500 2 -
W 1200 400 seq 400 3 zero
M 0 800 rand 800 4 -
R 0 1600 rand 1500 5 -
`;

const place = new Workplace();
let compared: Outcome;
let made: Outcome;
let file: string;

beforeAll(() => {
  place.write('work.trace', TRACE);
  compared = place.swaplab(
    ...['compare', '--designs', DESIGNS.join(), '--trace', 'work.trace', '--memory', '2M'],
    ...['--swap', '16M', '--zswap', '--ram', '4M', '-q', '--json', '--report', 'compare.html'],
  );
  made = place.swaplab('report', '1-5', '-o', 'report.html', '--title', TITLE);
  file = place.path('report.html');
}, 60_000);

afterAll(() => {
  place.remove();
});

describe('swaplab report', () => {
  it('writes one file, under 2 MB', () => {
    expect(compared.code).toBe(0);
    expect(made).toMatchObject({ code: 0, stdout: '' });
    expect(statSync(file).size).toBeGreaterThan(100_000);
    expect(statSync(file).size).toBeLessThan(1_000_000);
  });

  it('gives the same bytes again, to standard output and in another time zone', () => {
    const again = place.swaplab('report', '1,2-4,last', '-o', '-', '--title', TITLE);
    expect(again.stdout).toBe(readFileSync(file, 'utf8'));
    const elsewhere = new Workplace({ TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8' });
    try {
      const db = place.database;
      const there = elsewhere.swaplab('--db', db, 'report', '1-5', '-o', '-', '--title', TITLE);
      expect(there.stdout).toBe(readFileSync(file, 'utf8'));
    } finally {
      elsewhere.remove();
    }
  });

  it('gives the bytes that compare --report has written of the same runs', () => {
    const compare = readFileSync(place.path('compare.html'), 'utf8');
    const untitled = place.swaplab('report', '1-5', '-o', '-').stdout;
    expect(firstDifference(untitled, compare)).toBeNull();
    for (const digest of digests(compared)) expect(compare).toContain(digest);
    const refused = place.swaplab('compare', '--runs', '1-2', '--report', '.');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
  });

  it('carries a scenario that gives the same digests', () => {
    const page = readFileSync(file, 'utf8');
    const data = /href="data:application\/json;base64,([^"]+)" download="comparison\.json"/.exec(
      page,
    );
    place.write('comparison.json', Buffer.from(data![1]!, 'base64'));
    const db = place.path('again.db');
    const line = ['--db', db, 'compare', '--scenario', './comparison.json', '-q', '--json'];
    const again = place.swaplab(...line);
    expect(again.stderr).toBe('');
    expect(digests(again)).toEqual(digests(compared));
    for (const digest of digests(compared)) expect(page).toContain(digest);
  });

  it.each([
    [['report', '77'], 1, /RUN: no run 77: the nearest are 5, 4, 3/],
    [['report'], 2, /missing required argument/],
    [['report', '1', '-o', '.'], 2, /--output: \. is a folder; accepted: a file/],
    [
      ['report', '1', '-o', 'none/a.html'],
      2,
      /report: --output: none\/a\.html cannot be written: ENOENT/,
    ],
  ])('refuses %j', (line, exitCode, said) => {
    const { code, stderr } = place.swaplab(...line);
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(said);
  });
});

/** What stands where two texts differ first; null where they are the same. */
function firstDifference(a: string, b: string): readonly [string, string] | null {
  if (a === b) return null;
  let at = 0;
  while (a[at] === b[at]) at++;
  return [a.slice(at, at + 80), b.slice(at, at + 80)];
}

function digests({ stdout }: Outcome): string[] {
  const { runs } = JSON.parse(stdout) as { runs: { digest: string }[] };
  expect(runs).toHaveLength(DESIGNS.length);
  return runs.map(({ digest }) => digest);
}

describe.skipIf(!hasChromium)('the page in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
  });

  async function open(
    options: BrowserContextOptions,
    look: (page: Page, misdeeds: Misdeeds) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      const misdeeds = watch(page);
      await page.goto(pathToFileURL(file).href);
      await look(page, misdeeds);
    } finally {
      await context.close();
    }
  }

  it('says nothing on the console, asks nothing of the network, and has its title', async () => {
    await open({}, async (page, misdeeds) => {
      expect(await page.title()).toBe(TITLE);
      await expect.poll(() => page.locator('.plot canvas').count()).toBeGreaterThan(10);
      // Every still chart of a series has its plot.
      const live = await page.locator('figure[data-plot]').count();
      expect(await page.locator('figure.live .plot canvas').count()).toBe(live);
      expect(misdeeds).toEqual({ said: [], requests: [] });
    });
  });

  it('zooms where it is dragged over, and shows all again after a double click', async () => {
    await open({}, async (page) => {
      const plot = page.locator('figure.live .plot').first();
      await plot.scrollIntoViewIfNeeded();
      const extent = (): Promise<number> =>
        plot.evaluate(({ dataset }) => Number(dataset['max']) - Number(dataset['min']));
      const full = await extent();
      const box = (await plot.locator('.u-over').boundingBox())!;
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.25, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
      expect(await plot.locator('.tip').textContent()).toMatch(/xarray: [\d,]+/);
      await page.mouse.up();
      await expect.poll(extent).toBeLessThan(full * 0.3);
      expect(await extent()).toBeGreaterThan(full * 0.2);
      await page.mouse.dblclick(box.x + box.width / 2, y);
      await expect.poll(extent).toBeCloseTo(full);
      await plot.press('+');
      await expect.poll(extent).toBeLessThan(full * 0.6);
      await plot.locator('button').click();
      await expect.poll(extent).toBeCloseTo(full);
    });
  });

  it('has the numbers of the database in its table', async () => {
    const database = new Database(place.database, { readonly: true });
    const rows = database
      .prepare('SELECT run_id AS run, name, value FROM metric ORDER BY run_id, name')
      .all() as { run: number; name: string; value: number }[];
    database.close();
    await open({ javaScriptEnabled: false }, async (page) => {
      // Cells of a row are those of the columns, runs 1 to 5; none where a run has no such metric.
      const shown = await page.locator('table.compare tr[data-metric]').evaluateAll((all) =>
        all.flatMap((row) => {
          const cells = [...row.querySelectorAll('td')].slice(1);
          return cells.flatMap((cell, index) => {
            const value = cell.querySelector('data')?.value;
            const name = row.dataset['metric']!;
            return value === undefined ? [] : [{ run: index + 1, name, value: Number(value) }];
          });
        }),
      );
      const shownNames = new Set(shown.map(({ name }) => name));
      const wanted = rows.filter(({ name }) => shownNames.has(name));
      const order = (a: { run: number; name: string }, b: { run: number; name: string }): number =>
        a.run - b.run || (a.name < b.name ? -1 : 1);
      expect(shown.sort(order)).toEqual(wanted.sort(order));
      expect(wanted.length).toBeGreaterThan(150);
      // What has no row is zero everywhere.
      for (const { name, value } of rows) if (!shownNames.has(name)) expect(value).toBe(0);
    });
  });

  it('says without scripts all but zoom: who wrote least, every chart, how to run it again', async () => {
    await open({ javaScriptEnabled: false }, async (page, misdeeds) => {
      expect(misdeeds).toEqual({ said: [], requests: [] });
      expect(await page.locator('.findings').textContent()).toMatch(
        /ghost and xswap wrote least to the disk \(a tie\): nothing\. Next: /,
      );
      const charts = await page.locator('svg.chart').evaluateAll((all) =>
        all.map((svg) => {
          const marks = svg.querySelectorAll('.line, .area, .slot, .fill, .dot');
          const sizes = [...marks].map((mark) => mark.getBoundingClientRect());
          const seen = sizes.filter(({ width, height }) => width + height > 0).length;
          return { title: svg.querySelector('title')!.textContent, seen, of: svg.clientWidth };
        }),
      );
      expect(charts.length).toBeGreaterThan(25);
      for (const chart of charts) {
        expect(chart.seen, chart.title).toBeGreaterThan(0);
        expect(chart.of, chart.title).toBeGreaterThan(200);
      }
      expect(await page.locator('.absent').allTextContents()).not.toContainEqual(
        expect.stringContaining('stored without'),
      );
      expect(await page.locator('#again ~ pre').first().textContent()).toContain(
        '--trace work.trace --memory 2M',
      );
    });
  });

  it('fits a phone of 360 pixels', async () => {
    await open({ viewport: { width: 360, height: 740 } }, async (page) => {
      await page.locator('.plot canvas').first().waitFor();
      for (const details of await page.locator('summary').all()) await details.click();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width).toBe(360);
    });
  });

  it('is dark where the reader wants it', async () => {
    const background = (page: Page): Promise<string> =>
      page.locator('body').evaluate((body) => getComputedStyle(body).backgroundColor);
    await open({ colorScheme: 'light' }, async (page) => {
      expect(await background(page)).toBe('rgb(255, 255, 255)');
    });
    await open({ colorScheme: 'dark' }, async (page) => {
      expect(await background(page)).toBe('rgb(20, 20, 24)');
      const line = page.locator('svg.chart .line').first();
      expect(await line.evaluate((path) => getComputedStyle(path).stroke)).toBe(
        'rgb(86, 180, 233)',
      );
    });
  });

  it('prints light, with still charts and without controls', async () => {
    await open({ colorScheme: 'dark' }, async (page) => {
      await page.locator('.plot canvas').first().waitFor();
      const pdf = await page.pdf({ format: 'A4' });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      expect(pdf.length).toBeGreaterThan(50_000);
      await page.emulateMedia({ media: 'print' });
      const looks = await page.locator('body').evaluate((body) => {
        const svg = body.querySelector('figure.live svg.chart')!;
        return {
          background: getComputedStyle(body).backgroundColor,
          plot: getComputedStyle(body.querySelector('.plot')!).display,
          navigation: getComputedStyle(body.querySelector('nav')!).display,
          isWide: svg.getBoundingClientRect().width > 200,
        };
      });
      expect(looks).toEqual({
        ...{ background: 'rgb(255, 255, 255)', plot: 'none', navigation: 'none', isWide: true },
      });
    });
  });

  it('is read in order by headings, and its charts and tables have names', async () => {
    await open({ javaScriptEnabled: false }, async (page) => {
      const levels = await page
        .locator('h1, h2, h3, h4')
        .evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
      expect(levels[0]).toBe(1);
      for (const [index, level] of levels.entries())
        if (index > 0) expect(level - levels[index - 1]!).toBeLessThanOrEqual(1);
      const bare = await page
        .locator('th:not([scope]), svg.chart:not([role=img]), .scroll:not([aria-label])')
        .count();
      expect(bare).toBe(0);
      const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
    });
  });
});
