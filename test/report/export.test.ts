import { createRequire } from 'node:module';
import { spawnSync } from 'node:child_process';
import type * as HdrHistogram from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { percentileOf, type HistogramBucket } from '../../src/engine/index.ts';
import { EXPORT_FORMATS } from '../../src/report/export/formats.ts';
import type { StoredRun } from '../../src/runs/index.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { histogramOf, storedRun } from './stored-run.ts';

// Its module of type ES needs a bundler.
const hdr = createRequire(import.meta.url)('hdr-histogram-js') as typeof HdrHistogram;

const hasSqlite = spawnSync('sqlite3', ['--version']).status === 0;

function exported(format: string, runs: readonly StoredRun[], histogram = 'majorFault.ns'): string {
  return EXPORT_FORMATS[format]!(runs, { histogram });
}

/** Values over six powers of ten, a thousand of them. */
const VALUES = Array.from({ length: 1000 }, (_, index) => Math.floor(1.014 ** index + index));

describe('the CSV export', () => {
  it.skipIf(!hasSqlite)('is read by sqlite3, every number in its place', () => {
    const query =
      `SELECT run, phase, value, at FROM t WHERE (kind, name) IN ` +
      `(VALUES ('counter', 'pswpout'), ('percentile.p50', 'deviceWrite.ns'), ('area.0', 'writes'))` +
      ` OR kind = 'series' AND value = '8' ORDER BY kind`;
    const { stdout, stderr } = spawnSync(
      'sqlite3',
      [':memory:', '.mode csv', '.import |cat t', query],
      { input: exported('csv', [storedRun()]), encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout.replaceAll('\r', '')).toBe('12,"",2,""\n12,0,10,""\n12,"",503,""\n12,0,8,40\n');
  });
});

describe("the export in fio's shape", () => {
  interface Direction {
    readonly io_bytes: number;
    readonly total_ios: number;
    readonly iops: number;
    readonly clat_ns: {
      readonly N: number;
      readonly percentile?: Record<string, number>;
      readonly bins?: Record<string, number>;
    };
  }
  interface Document {
    readonly jobs: readonly { jobname: string; majf: number; read: Direction; write: Direction }[];
  }
  const run = storedRun({ histograms: [histogramOf('deviceWrite.ns', VALUES)] });

  it('has what the devices moved, over virtual time', () => {
    const { jobs } = JSON.parse(exported('fio', [run, run])) as Document;
    expect(jobs).toHaveLength(2);
    expect(jobs[0]).toMatchObject({
      majf: 7,
      read: { io_bytes: 0, total_ios: 0 },
      write: { io_bytes: 3 * 4096, io_kbytes: 12, total_ios: 2, iops: 1, runtime: 2000 },
    });
  });

  it('has percentiles that follow from its bins, as the tests of fio recompute them', () => {
    const { jobs } = JSON.parse(exported('fio', [run])) as Document;
    const { N, percentile = {}, bins = {} } = jobs[0]!.write.clat_ns;
    expect(N).toBe(VALUES.length);
    expect(Object.keys(percentile)).toHaveLength(17);
    for (const [percent, value] of Object.entries(percentile)) {
      let seen = 0;
      const ascending = Object.entries(bins).sort(([a], [b]) => Number(a) - Number(b));
      const found = ascending.find(([, count]) => (seen += count) >= (Number(percent) / 100) * N);
      expect(value, percent).toBe(Number(found?.[0]));
    }
  });

  it('has no percentiles of nothing, and no latency that was not measured', () => {
    const none = storedRun({ histograms: [histogramOf('deviceWrite.ns', [])] });
    const { jobs } = JSON.parse(exported('fio', [none])) as Document;
    expect(jobs[0]!.write.clat_ns).toEqual({ N: 0 });
    expect(jobs[0]!.read).not.toHaveProperty('clat_ns');
  });
});

describe('the Prometheus export', () => {
  const SAMPLE = /^([a-zA-Z_:][\w:]*)\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\n"])*",?)*)\} (\S+)$/;

  interface Sample {
    readonly family: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }

  /** Reads the format by its grammar; each family once, HELP and TYPE before its samples. */
  function parse(text: string): Sample[] {
    const families = new Set<string>();
    let family = '';
    expect(text.endsWith('\n')).toBe(true);
    return text
      .trimEnd()
      .split('\n')
      .flatMap((line): Sample[] => {
        const help = /^# HELP (\S+) .+$/.exec(line);
        if (help !== null) {
          family = help[1]!;
          expect(families, line).not.toContain(family);
          families.add(family);
          return [];
        }
        if (line.startsWith('# TYPE ')) {
          expect(line).toMatch(new RegExp(`^# TYPE ${family} (counter|gauge)$`));
          return [];
        }
        const [, name = '', pairs = '', value = ''] = SAMPLE.exec(line) ?? [];
        expect(name, line).toMatch(new RegExp(`^${family}$`));
        expect(Number(value), line).not.toBeNaN();
        const labels = [...pairs.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, quoted]) => [
          key!,
          quoted!.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter)),
        ]);
        return [{ family, name, labels: Object.fromEntries(labels), value: Number(value) }];
      });
  }

  it('is well formed, and gives labels back as they were', () => {
    const samples = parse(exported('prometheus', [storedRun(), storedRun({ runId: 13 })]));
    const out = samples.filter(({ labels }) => labels['event'] === 'pswpout');
    expect(out.map(({ name, labels, value }) => [name, labels['run'], value])).toEqual([
      ['swaplab_events_total', '12', 10],
      ['swaplab_events_total', '13', 10],
    ]);
    expect(out[0]?.labels['name']).toBe('web "1"\nback\\slash');
  });

  it('has a histogram as a gauge of cumulative counts up to +Inf: there is no sum', () => {
    const run = storedRun({ histograms: [histogramOf('deviceWrite.ns', VALUES)] });
    const text = exported('prometheus', [run]);
    expect(text).toMatch(/^# TYPE swaplab_device_write_seconds_bucket gauge$/m);
    const samples = parse(text).filter(({ name }) => name.includes('device_write_seconds'));
    const buckets = samples.filter(({ name }) => name === 'swaplab_device_write_seconds_bucket');
    const bounds = buckets.map(({ labels }) => Number(labels['le']!.replace('+Inf', 'Infinity')));
    expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
    expect(new Set(bounds).size).toBe(bounds.length);
    for (const [index, bound] of bounds.entries())
      expect(buckets[index]?.value).toBe(
        VALUES.filter((value) => value <= bound * 1e9 + 1e-6).length,
      );
    expect(buckets).toEqual(samples);
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: VALUES.length });
  });
});

describe('the hgrm export', () => {
  /** The same buckets in the library's own histogram, which splits ours further. */
  function oracle(run: StoredRun): string {
    const histogram = hdr.build({ numberOfSignificantValueDigits: 3, bitBucketSize: 64 });
    for (const { high, count } of run.histograms[0]!.buckets)
      histogram.recordValueWithCount(high, count);
    return histogram.outputPercentileDistribution();
  }

  it.each([
    ['many values', VALUES],
    ['one value', [5]],
    ['equal values', [700, 700, 700]],
    ['two far apart', [1, 2 ** 40]],
    ['values below 128', Array.from({ length: 127 }, (_, index) => index)],
  ])('is what hdr-histogram-js prints: %s', (_, values) => {
    const run = storedRun({ histograms: [histogramOf('majorFault.ns', values)] });
    const lines = exported('hgrm', [run]).split('\n');
    const wanted = oracle(run).split('\n');
    const isData = (line: string): boolean => !line.startsWith('#');
    expect(lines.filter(isData)).toEqual(wanted.filter(isData));
    const max = values.reduce((highest, value) => Math.max(highest, value));
    const { high } = run.histograms[0]!.buckets.find((bucket) => bucket.high >= max)!;
    expect(lines.at(-3)).toContain(`${high.toFixed(3)}, Total count    = `);
    const mean = Number(/Mean +=\s+([\d.]+)/.exec(lines.at(-4) ?? '')?.[1]);
    const exact = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - exact)).toBeLessThanOrEqual(exact / 64 + 0.5);
  });

  it('refuses a run without such values, and names those that there are', () => {
    const run = storedRun();
    expect(() => exported('hgrm', [run], 'deviceRead.ns')).toThrow(RunError);
    expect(() => exported('hgrm', [run], 'deviceRead.ns')).toThrow(
      /takes of this run: deviceWrite/,
    );
    expect(() => exported('hgrm', [run], 'deviceRite.ns')).toThrow(UsageError);
    expect(() => exported('hgrm', [run], 'deviceRite.ns')).toThrow(/nearest are deviceWrite\.ns/);
  });
});

describe('the usemem export', () => {
  it('prints the lines of the report and nothing else', () => {
    const lines = ['14155776 bytes / 36153 usecs = 382374 KB/s', '241 usecs to free memory'];
    const events = ['something else', ...lines].map((detail) => ({
      ...{ timeNs: 1, kind: 'report', detail },
    }));
    expect(exported('usemem', [storedRun({ events })])).toBe(`${lines.join('\n')}\n`);
  });

  it('says of another run that it has none', () => {
    expect(() => exported('usemem', [storedRun()])).toThrow(/^run 12 has no report of usemem/);
  });
});

describe('the JSON export', () => {
  it('has the percentiles that the buckets give', () => {
    const run = storedRun({ histograms: [histogramOf('majorFault.ns', VALUES)] });
    interface Document {
      readonly histograms: readonly {
        readonly percentiles: Record<string, number>;
        readonly buckets: readonly HistogramBucket[];
      }[];
    }
    const document = JSON.parse(exported('json', [run])) as Document;
    const { percentiles, buckets } = document.histograms[0]!;
    for (const percent of [50, 90, 99, 99.9, 99.99])
      expect(percentiles[`p${percent}`]).toBe(percentileOf(buckets, percent));
    expect(JSON.parse(exported('json', [run, run]))).toHaveLength(2);
  });
});
