import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fioJobFile, parseFio, type FioJob } from '../../../src/device/index.ts';

const recorded = readFileSync('fixtures/fio/disk.json', 'utf8');
const plus = readFileSync('fixtures/fio/disk-plus.json', 'utf8');

const hasFio = spawnSync('fio', ['--version']).status === 0;

interface Raw {
  [key: string]: unknown;
  jobs: Record<string, Record<string, unknown>>[];
}

/** The recorded document with a change to it, parsed. */
function changed(change: (document: Raw) => void): readonly FioJob[] {
  const document = JSON.parse(plus) as Raw;
  change(document);
  return parseFio(JSON.stringify(document), 'x.json').jobs;
}

describe("fio's JSON", () => {
  it('gives every job with its direction, size, depth and figures', () => {
    const { version, jobs } = parseFio(recorded, 'disk.json');
    expect(version).toBe('fio 3.33');
    expect(jobs).toHaveLength(14);
    expect(jobs.find(({ name }) => name === 'write-sequential')).toMatchObject({
      ...{ direction: 'write', isRandom: false, blockBytes: 131_072, depth: 16 },
      ...{ bytesPerSecond: 2_230_385_607 },
    });
    const read = jobs.find(({ name }) => name === 'read-4k-qd1')!;
    expect(read).toMatchObject({ direction: 'read', isRandom: true, blockBytes: 4096, depth: 1 });
    expect(read.latency.key).toBe('clat');
    expect(read.latency.meanNs).toBeCloseTo(38_416, 0);
    expect(read.latency.percentiles.at(-1)?.rank).toBe(99.999);
  });

  it('is found among other lines, and the last of several documents is taken', () => {
    const text = `fio: this platform does not support process shared mutexes\n${plus}\nRun status:\n`;
    expect(parseFio(text, 'x').jobs.map(({ name }) => name)).toEqual([
      'write-4k-qd1',
      'read-4k-qd1',
    ]);
    expect(parseFio(`${recorded}\n${plus}`, 'x').jobs).toHaveLength(2);
    expect(parseFio(JSON.stringify(JSON.parse(plus)), 'x').jobs).toHaveLength(2);
  });

  it('of fio 2 has microseconds and KiB', () => {
    const jobs = changed((document) => {
      for (const { read, write } of document.jobs)
        for (const direction of [read!, write!]) {
          direction['clat'] = { mean: 50.5, percentile: { '50.000000': 40 } };
          delete direction['clat_ns'];
          delete direction['bw_bytes'];
        }
    });
    const { latency, bytesPerSecond } = jobs.find(({ name }) => name === 'read-4k-qd1')!;
    expect(latency).toMatchObject({ meanNs: 50_500, percentiles: [{ rank: 50, ns: 40_000 }] });
    expect(bytesPerSecond % 1024).toBe(0);
    expect(latency.count).toBeGreaterThan(1000);
  });

  it('has the whole latency where the completion was not recorded', () => {
    const jobs = changed(({ jobs: [job] }) => {
      job!['write']!['clat_ns'] = { min: 0, max: 0, mean: 0, stddev: 0, N: 0 };
    });
    expect(jobs[0]!.latency).toMatchObject({ key: 'lat', percentiles: [] });
  });

  it('has the percentiles of the whole latency where only that has them', () => {
    const jobs = changed(({ jobs: [job] }) => {
      const { clat_ns: clat, lat_ns: lat } = job!['write']! as Record<
        string,
        Record<string, unknown>
      >;
      lat!['percentile'] = { '50.000000': 40_000, '99.900000': 900_000 };
      delete clat!['percentile'];
    });
    expect(jobs[0]!.latency).toMatchObject({
      ...{ key: 'clat', percentilesKey: 'lat' },
      percentiles: [
        { rank: 50, ns: 40_000 },
        { rank: 99.9, ns: 900_000 },
      ],
    });
    expect(jobs[1]!.latency.percentilesKey).toBe('clat');
  });

  it('has one I/O in flight with an engine that waits, and no jobs of several kinds', () => {
    const set = (options: Record<string, string>): readonly FioJob[] =>
      changed(({ jobs: [job] }) => Object.assign(job!['job options']!, options));
    expect(set({ ioengine: 'psync', iodepth: '32' })[0]!.depth).toBe(1);
    expect(set({ ioengine: 'io_uring', iodepth: '32' })[0]!.depth).toBe(32);
    for (const options of [{ rw: 'randrw' }, { bs: '4k-64k' }, { numjobs: '4' }, { bs: '4k,64k' }])
      expect(set(options), JSON.stringify(options)).toHaveLength(1);
  });

  const wrong: [string, string | (() => string), RegExp][] = [
    ['no JSON', 'fio: file not found', /^x\.json: no JSON of fio's: .*fio --output-format=json/],
    ['JSON of something else', '{"jobs": 3}', /^x\.json: no JSON of fio's: fio version: /],
    [
      'a job that failed',
      () => plus.replace('"error" : 0', '"error" : 28'),
      /job write-4k-qd1 failed \(error 28\)/,
    ],
    [
      'the page cache',
      () => plus.replace('"direct" : "1"', '"direct" : "0"'),
      /write-4k-qd1 was not run with direct=1/,
    ],
    [
      'a job without I/O',
      () => plus.replaceAll(/"iops" : [\d.]+/g, '"iops" : 0.0'),
      /job write-4k-qd1: write\.iops is missing or 0/,
    ],
  ];
  it.each(wrong)('is refused with the reason: %s', (_what, text, message) => {
    expect(() => parseFio(typeof text === 'string' ? text : text(), 'x.json')).toThrow(message);
  });
});

describe('the job file', () => {
  const target = { path: '/mnt/a disk:1/t', isDevice: false, sizeBytes: 2 ** 30 };

  it('has the jobs that a profile is made of', () => {
    const text = fioJobFile(target);
    const names = [...text.matchAll(/^\[(.*)\]$/gm)].map(([, name]) => name);
    expect(names.slice(1)).toEqual(parseFio(recorded, 'x').jobs.map(({ name }) => name));
    expect(text).toContain('\ndirect=1\n');
    expect(text).toContain('\nfilename=/mnt/a disk\\:1/t\n');
  });

  it('warns of a device, and refuses a path that it cannot hold', () => {
    expect(fioJobFile({ ...target, isDevice: true })).toMatch(
      /^; WARNING: this WRITES to the dev/m,
    );
    for (const path of [
      'a\nrw=write',
      '${HOME}',
      ' x',
      'vm.img#1',
      'a;b',
      'a\\b',
      'a$ncpus',
      'a\u0001',
      '-',
    ])
      expect(() => fioJobFile({ ...target, path }), path).toThrow(/cannot hold the path/);
  });

  it.skipIf(!hasFio)('makes fio write to the file that was asked for, and to no other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'swaplab-fio-'));
    try {
      const names = ['plain', 'a b', 'a:b', ':a::b', "it's", 'a=b,c', '[x]', 'größe', '%n "{}&*'];
      const sections = names.map((name, index) => {
        const text = fioJobFile({ ...target, path: join(folder, name) });
        return `[${index}]\n${/^filename=.*$/m.exec(text)![0]}\n`;
      });
      const jobs = join(folder, 'jobs');
      writeFileSync(jobs, `[global]\nsize=4k\nioengine=psync\nrw=write\n${sections.join('')}`);
      execFileSync('fio', ['--create_only=1', jobs], { stdio: 'ignore', timeout: 30_000 });
      expect(readdirSync(folder).sort()).toEqual(['jobs', ...names].sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
