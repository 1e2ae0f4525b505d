import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import type { RunProgress, RunSummary, StoredInterval } from '../../../src/runs/index.ts';
import { liveCharts, liveFigures } from '../../../src/report/serve/live-figures.ts';
import {
  livePage,
  liveParts,
  messagePage,
  runListPage,
  type RunListInput,
} from '../../../src/report/serve/index.ts';
import { sparkPicture } from '../../../src/report/serve/sparkline.ts';
import { renderMarkup } from '../../../src/report/charts/markup.ts';

const RUN: RunSummary = {
  ...{ runId: 12, specHash: 'ab', design: 'vswap', seed: 7, version: '0.1.0', name: 'a & <b>' },
  ...{ command: 'swaplab run --name "<b>"', status: 'running', exitReason: null, exitCode: null },
  ...{ phaseCount: 2, digest: null, verify: null, slotRuns: null, virtualNs: null, wallMs: null },
  ...{ startedMs: Date.UTC(2026, 0, 31, 23, 59), finishedMs: null },
};

const [LOW, HIGH] = ['used /a/swap', 'used /b/swap'] as const;

function interval(position: number, changes: Partial<StoredInterval> = {}): StoredInterval {
  return {
    ...{ position, operations: position * 300, timeNs: position * 5e6 },
    atMs: RUN.startedMs + (position + 1) * 1000,
    figures: { [LOW]: 10 + position, [HIGH]: 20, pool_total_size: 4096, pagesChecked: 1234 },
    ...changes,
  };
}

const PROGRESS: RunProgress = {
  run: RUN,
  intervals: [interval(0), interval(1), interval(2)],
  faultCounts: [
    { kind: 'eio-read', consequence: 'detected', count: 3 },
    { kind: 'eio-read', consequence: 'pending', count: 1 },
  ],
};

describe('the figures of a live run', () => {
  it('are those of its last interval, the rate that between the last two', () => {
    expect(Object.fromEntries(liveFigures(PROGRESS))).toEqual({
      ...{ 'wall time': '3 s', 'virtual time': '10 ms', operations: '600' },
      ...{ 'operations a second': '300', 'phases done': '2', 'zswap pool': '4 KiB' },
      ...{ 'pages checked': '1,234', 'faults fired': '4' },
      ...{ 'used of a/swap': '12 pages', 'used of b/swap': '20 pages' },
    });
  });

  it('are few before the first interval', () => {
    const young = { ...PROGRESS, intervals: [] };
    expect(liveFigures(young)).toEqual([['phases done', '2']]);
    expect(liveCharts(young)).toEqual([]);
    expect(liveParts({ version: '1', progress: young, phases: [] })['live-charts']).toContain(
      'when the run is a second old',
    );
  });

  it('are drawn from the start of the run, each value over its interval', () => {
    const charts = liveCharts(PROGRESS);
    expect(charts.map(({ id }) => id)).toEqual(['rate', 'pool', 'used']);
    expect(charts[0]!.lines[0]!.points).toEqual([
      { x: 1e9, y: 300 },
      { x: 2e9, y: 300 },
      { x: 3e9, y: 300 },
    ]);
    const used = charts[2]!.lines;
    expect(used.map(({ label }) => label)).toEqual(['a/swap', 'b/swap']);
    expect(used[0]!.points).toEqual([
      { x: 0, y: 10 },
      { x: 1e9, y: 11 },
      { x: 2e9, y: 12 },
      { x: 3e9, y: 12 },
    ]);
  });

  it('call areas by their last name where that tells them apart', () => {
    const one = interval(0, { figures: { 'used /a/x.swap': 1, 'used /a/y.swap': 2 } });
    const [chart] = liveCharts({ ...PROGRESS, intervals: [one] });
    expect(chart!.lines.map(({ label }) => label)).toEqual(['x.swap', 'y.swap']);
    const temporary = {
      'used /tmp/swaplab-run-1-2-uYSd2y/swap': 1,
      'used /tmp/swaplab-run-1-2-7iAwh7/swap': 2,
    };
    const [long] = liveCharts({ ...PROGRESS, intervals: [interval(0, { figures: temporary })] });
    expect(long!.lines.map(({ label }) => label)).toEqual(['…uYSd2y/swap', '…7iAwh7/swap']);
  });
});

describe('the page of a live run', () => {
  const phases = [
    { index: 4, op: 'W <0>', present: 5, swapped: 6, virtualNs: 1500, wallMs: 2 },
  ] as const;
  const input = { version: '0.1.0', progress: PROGRESS, phases };

  it('begins with the parts that its script asks for later', () => {
    const { html } = livePage(input);
    for (const [id, part] of Object.entries(liveParts(input)))
      expect(html).toContain(`<div id="${id}">${part}</div>`);
    expect(html).toContain('data-live="/runs/12/live"');
    expect(html).toContain('<noscript><meta http-equiv="refresh" content="2"/></noscript>');
  });

  it('tells phases and what became of faults', () => {
    const parts = liveParts(input);
    expect(parts['live-phases']).toContain('W &lt;0>');
    expect(parts['live-phases']).toContain('1.5 µs');
    const cells = [...parts['live-faults'].matchAll(/<t[dh][^>]*>([^<]*)<\/t[dh]>/g)];
    // kind, fired, pending, detected, unread, lost, harmless
    expect(cells.slice(-7).map(([, text]) => text)).toEqual('eio-read 4 1 3 0 0 0'.split(' '));
  });

  it('runs the script and the style that its policy names, and shows no markup of others', () => {
    const { html, policy } = livePage(input);
    for (const [tag, directive] of [
      ['style', 'style-src'],
      ['script', 'script-src'],
    ] as const) {
      const content = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)![1]!;
      const hash = createHash('sha256').update(content).digest('base64');
      expect(policy).toContain(`${directive} 'sha256-${hash}'`);
    }
    expect(policy).toContain("connect-src 'self'");
    expect(html).toContain('a &amp; &lt;b>');
    expect(html).not.toContain('<b>"');
    expect(messagePage({ version: '1', title: 'a', message: '<i>' }).policy).not.toContain(
      'script',
    );
  });
});

describe('the page of all runs', () => {
  const input: RunListInput = {
    ...{ version: '0.1.0', found: 120, page: 2, pageCount: 3, reportRunsMax: 64 },
    rows: [
      { run: RUN, swapped: [] },
      { run: { ...RUN, runId: 3, status: 'aborted', exitReason: 'gone "now"' }, swapped: [] },
    ],
    filter: { status: '', design: 'vswap', name: 'a&b*', where: '' },
    sort: { key: 'virtual', isDescending: true },
    statuses: ['running', 'aborted'],
    designs: ['vswap', 'xarray'],
  };
  const { html } = runListPage(input);

  it('keeps filter and order in what it links to', () => {
    expect(html).toContain(
      'href="/?design=vswap&amp;name=a%26b*&amp;sort=virtual%2Cdesc&amp;page=3"',
    );
    expect(html).toContain(
      'href="/?design=vswap&amp;name=a%26b*&amp;sort=virtual%2Cdesc&amp;page=1"',
    );
    // The column that is sorted by is turned round, another one begins at its highest.
    expect(html).toContain(
      'aria-sort="descending"><a href="/?design=vswap&amp;name=a%26b*&amp;sort=virtual">',
    );
    expect(html).toContain('name=a%26b*&amp;sort=wall%2Cdesc">wall time');
    expect(html).toContain('<option value="vswap" selected');
    expect(html).toContain('value="a&amp;b*"');
    expect(html).toContain('<input type="hidden" name="sort" value="virtual,desc"/>');
  });

  it('marks what lives, and why others ended', () => {
    expect(html).toContain('<tr id="run-12" class="running">');
    expect(html).toContain('<tr id="run-3">');
    expect(html).toContain('class="status-aborted" title="gone &quot;now&quot;"');
    expect(html).toContain('120 runs, 1 of them running now, page 2 of 3');
  });

  it('says why it is empty', () => {
    const none = { ...input, rows: [], found: 0, page: 1, pageCount: 1 };
    expect(runListPage(none).html).toContain('No run passes the filter.');
    const filter = { status: '', design: '', name: '', where: '' };
    expect(runListPage({ ...none, filter }).html).toContain('There are no runs yet');
  });
});

describe('a small picture', () => {
  const draw = (values: readonly number[]): string | null => {
    const points = values.map((value, index) => ({ timeNs: index * 10, value }));
    const picture = sparkPicture(points, 'pages');
    return picture && renderMarkup(picture);
  };

  it('goes from the left to the right, from 0 to the highest', () => {
    expect(draw([0, 50, 100])).toContain('<path d="M2,22L55,12L108,2"');
    expect(draw([0, 50, 1000])).toContain('at most 1,000 pages, at the end 1,000');
  });

  it('is flat where all is 0, and none of a single point', () => {
    expect(draw([0, 0])).toContain('<path d="M2,22L108,22"');
    expect(draw([5])).toBeNull();
    expect(draw([])).toBeNull();
  });
});
