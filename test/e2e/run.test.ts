import { closeSync, openSync, readFileSync, readSync, statSync, truncateSync } from 'node:fs';
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
    expect(place.swaplab('mkswap', '-q', '-F', '-s', '64M', 'file.swap').code).toBe(0);
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
    place.swaplab('mkswap', '-q', '-F', '-s', '64M', 'a.swap');
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
    place.swaplab('mkswap', '-q', '-F', '-s', '64M', '-L', 'kept', 'a.swap');
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
    place.swaplab('mkswap', '-q', '-F', '-s', '64M', 'a.swap');
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
    place.swaplab('mkswap', '-q', '-F', '-s', '64M', 'a.swap');
    const both = [place.start('swapon', 'a.swap'), place.start('swapon', 'a.swap')];
    const codes = await Promise.all(both.map(ended));
    expect(codes.sort()).toEqual([0, 255]);
    expect(
      place.swaplab('swapon', '--show', '--noheadings').stdout.trim().split('\n'),
    ).toHaveLength(1);
  });
});

describe('bad input to swaplab', () => {
  it.each([
    [['fly'], 2, /'fly' is no command; accepted: mkswap/],
    [['run'], 2, /nothing to run/],
    [['run', '--trace', 'none.trace'], 2, /--trace: none\.trace cannot be read: ENOENT/],
    [['run', '--trace', 'bad.trace', '--swap', '1M'], 2, /bad\.trace:2: order 'sideways' is none/],
    [
      ['run', '--trace', 't.trace', '--memory', '12Q', '--swap', '1M'],
      2,
      /machine\.memory: '12Q' is no size/,
    ],
    [['run', '--trace', 't.trace', '--swap', 'lots'], 2, /'lots' is no size/],
    [['run', '--trace', 't.trace', '--device', 'tape', '--swap', '1M'], 2, /device: "tape".*nvme/],
    [
      ['run', '--trace', 't.trace', '--design', 'bsd', '--swap', '1M'],
      2,
      /design: "bsd".*swap-table/,
    ],
    [
      ['run', '--trace', 't.trace', '--zswap', 'colour=red', '--swap', '1M'],
      2,
      /--zswap: 'colour' is no setting/,
    ],
    [
      ['run', '--trace', 't.trace', '--set', 'machin.ram=1G', '--swap', '1M'],
      2,
      /unknown key 'machin'/,
    ],
    [['run', '--spec', 'bad.json'], 2, /bad\.json is no JSON/],
    [['run', '--spec', 'key.json'], 2, /key\.json: unknown key 'wrkload'/],
    [['run', '--trace', 't.trace'], 2, /no swap area: give --swap/],
    [
      ['run', '--trace', 't.trace', '--area', 'text.txt'],
      1,
      /text\.txt: cannot be used as a swap area: EINVAL/,
    ],
    [
      ['run', '--trace', 't.trace', '--memory', '2M', '--area', 'gone.swap'],
      1,
      /gone\.swap: cannot be used/,
    ],
    [['run', '--seed', 'x', '--trace', 't.trace'], 2, /--seed: 'x' is no number/],
    [['run', '--frob'], 2, /unknown option '--frob'/],
    [['--db', 'text.txt', 'runs', 'ls'], 2, /text\.txt/],
    [['--db', 'text.txt', 'run', '--trace', 't.trace', '--swap', '1M'], 2, /text\.txt/],
  ])('ends in one clear message: %j', (args, code, message) => {
    place.write('t.trace', SMALL);
    place.write('bad.trace', 'pages 10\nR 0 1 sideways 1 1 -\n');
    place.write('bad.json', '{"seed": ');
    place.write('key.json', '{"wrkload": {}, "workload": {"trace": "pages 1"}}');
    const text = 'just some text, and more of it than a header would need to be read\n'.repeat(80);
    place.write('text.txt', text);
    const outcome = place.swaplab(...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/\n\s+at /);
    expect(outcome.code).toBe(code);
    expect(readFileSync(place.path('text.txt'), 'utf8')).toBe(text);
  });
});
