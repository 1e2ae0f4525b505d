import { closeSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Mulberry32 } from '../../src/workload/index.ts';
import { ended, untilSaid, Workplace } from './swaplab.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.remove();
});

const SMALL = 'pages 2000\nW 0 2000 seq 2000 1 rand\nR 0 2000 rand 2000 3 -\n';
const PAUSED = 'pages 2000\nW 0 2000 seq 2000 1 rand\npause\nR 0 2000 seq 2000 1 -\n';

interface RunDocument {
  readonly run: number;
  readonly digest: string;
  readonly verify: { readonly pagesChecked: number; readonly mismatches: number };
  readonly phases: readonly { readonly op: string; readonly counters: Record<string, number> }[];
}

describe('swaplab run', () => {
  it.each(['drop-ssd', 'zero-ssd', 'seq-file'])(
    'replays %s twice with one digest and every page right',
    (name) => {
      const trace = fileURLToPath(new URL(`../../fixtures/traces/${name}.trace`, import.meta.url));
      const line = ['--trace', trace, '--memory', '32M', '--swap', '512M', '--device', 'nvme'];
      const [first, second] = [0, 1].map(() => {
        const { code, stdout } = place.swaplab('run', ...line, '--json');
        expect(code).toBe(0);
        return JSON.parse(stdout) as RunDocument;
      });
      expect(first!.verify).toEqual({ pagesChecked: 24_576, mismatches: 0 });
      expect(second!.digest).toBe(first!.digest);
      expect([first!.run, second!.run]).toEqual([1, 2]);
    },
  );

  it('prints the document that it promises', () => {
    const trace = place.write('t.trace', SMALL);
    const line = ['--trace', trace, '--memory', '2M', '--swap', '64M', '--zswap', '--json'];
    const { stdout, stderr } = place.swaplab('run', ...line);
    expect(stderr).toBe('');
    const document = JSON.parse(stdout) as Record<string, unknown> & RunDocument;
    expect(Object.keys(document)).toEqual(
      expect.arrayContaining('run design spec phases slotRuns verify metadata digest'.split(' ')),
    );
    expect(Object.keys(document.phases[0]!)).toEqual(
      expect.arrayContaining('op counters present swapped virtualNs wallMs zswap'.split(' ')),
    );
    expect(document.phases.map((phase) => phase.op)).toEqual(SMALL.trim().split('\n').slice(1));
  });

  it('uses the areas that swapon made active, and a ghost stays a page long', () => {
    place.makeArea('file.swap', '64M');
    expect(place.swaplab('mkswap', '-q', '--ghost', '--size', '64M', 'ghost.swap').code).toBe(0);
    expect(place.swaplab('swapon', '-p', '5', 'file.swap', 'ghost.swap').code).toBe(0);
    const trace = place.write(
      't.trace',
      'pages 2000\nW 0 2000 seq 2000 1 mix:1500\nR 0 2000 seq 2000 1 -\n',
    );
    const line = ['--trace', trace, '--memory', '2M', '--ram', '10M', '--zswap', '--json'];
    const { code, stdout, stderr } = place.swaplab('run', ...line);
    expect([code, stderr]).toEqual([0, '']);
    const { areas, verify } = JSON.parse(stdout) as RunDocument & {
      readonly areas: readonly Record<string, number | string>[];
    };
    expect(verify.mismatches).toBe(0);
    expect(areas.map((area) => area['kind'])).toEqual(['file', 'ghost']);
    expect(areas[0]!['writtenBack']).toBeGreaterThan(0);
    expect(areas[1]!['pagesWritten']).toBe(0);
    expect(statSync(place.path('ghost.swap')).size).toBe(4096);
  });

  it('shows the bytes of a page at its slot while it stands at a pause', async () => {
    place.makeArea('a.swap', '64M');
    const trace = place.write('t.trace', PAUSED);
    const child = place.start('run', '--trace', trace, '--memory', '2M', '--area', 'a.swap');
    const said = await untilSaid(child, 'press Enter');
    const [, page, slot] = /page (\d+) to \d+: area 0 slot (\d+)/.exec(said)!.map(Number);
    const bytes = Buffer.alloc(4096);
    const fd = openSync(place.path('a.swap'), 'r');
    readSync(fd, bytes, 0, 4096, slot! * 4096);
    closeSync(fd);
    const stream = new Mulberry32(Math.imul(page!, 0x9e3779b1) ^ Math.imul(1, 0x85ebca6b));
    for (let at = 0; at < 4096; at += 4) expect(bytes.readUInt32LE(at)).toBe(stream.next());
    child.stdin.write('\n');
    child.stdin.end();
    expect(await ended(child)).toBe(0);
  });

  it('says that a task was killed when swap is too small', () => {
    const trace = place.write('t.trace', SMALL);
    const { code, stdout } = place.swaplab(
      'run',
      '--trace',
      trace,
      '--memory',
      '2M',
      '--swap',
      '1M',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('1 task(s) were killed');
  });

  it('prints no line of usemem for a task that was killed', () => {
    const { code, stdout } = place.swaplab(
      ...['run', '--workload', 'usemem', '--memory', '1M', '--swap', 'none', '--', '-n', '1', '2M'],
    );
    expect(code).toBe(0);
    expect(stdout).toContain('1 task(s) were killed');
    expect(stdout).not.toContain('usecs');
  });

  it.each([
    [
      'usemem',
      ['-n', '2', '-O', '-y', '-x', '--init-time', '4M'],
      /\d+ bytes \/ \d+ usecs = \d+ KB/,
    ],
    ['memhog', ['-r2', '12M'], /^\.\.\n\.\.$/m],
  ])('runs %s and prints its lines', (name, args, line) => {
    const { code, stdout } = place.swaplab(
      ...['run', '--workload', name, '--memory', '3M', '--swap', '64M', '--zswap', '--', ...args],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(line);
    expect(stdout).toContain('0 mismatches');
  });
});

describe('a run that goes wrong', () => {
  it('ends with exit 1 and a name when its file is truncated, marked failed, header intact', async () => {
    place.makeArea('a.swap', '64M', '-L', 'kept');
    const trace = place.write('t.trace', PAUSED);
    const child = place.start('run', '--trace', trace, '--memory', '2M', '--area', 'a.swap');
    await untilSaid(child, 'press Enter');
    truncateSync(place.path('a.swap'), 1 << 20);
    const said = untilSaid(child, 'truncated');
    child.stdin.write('\n');
    child.stdin.end();
    expect(await said).toMatch(/a\.swap: .*truncated/);
    expect(await ended(child)).toBe(1);
    expect(place.swaplab('runs', 'ls').stdout).toMatch(/1\s+failed/);
    expect(place.swaplab('swaplabel', 'a.swap').stdout).toContain('LABEL: kept');
  });

  it('is marked aborted when it is killed, and its area is free again', async () => {
    place.makeArea('a.swap', '64M');
    const trace = place.write('t.trace', PAUSED);
    const child = place.start('run', '--trace', trace, '--memory', '2M', '--area', 'a.swap');
    await untilSaid(child, 'press Enter');
    const other = place.swaplab('run', '--trace', trace, '--memory', '2M', '--area', 'a.swap');
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/a\.swap: EBUSY/);
    child.kill('SIGKILL');
    await ended(child);
    expect(place.swaplab('runs', 'ls').stdout).toMatch(/1\s+aborted/);
    const quick = place.write('q.trace', SMALL);
    expect(place.swaplab('run', '--trace', quick, '--memory', '2M', '--area', 'a.swap').code).toBe(
      0,
    );
  });
});

describe('two processes that want one area', () => {
  it('leave it to one; the other gets EBUSY', async () => {
    place.makeArea('a.swap', '64M');
    const both = [place.start('swapon', 'a.swap'), place.start('swapon', 'a.swap')];
    const codes = await Promise.all(both.map(ended));
    expect(codes.sort()).toEqual([0, 255]);
    expect(
      place.swaplab('swapon', '--show', '--noheadings').stdout.trim().split('\n'),
    ).toHaveLength(1);
  });
});
