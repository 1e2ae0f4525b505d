/**
 * What a user can get wrong, and disks and files that fail: one clear message each. The many short
 * ones call the program's `main` here, since starting a process takes half a second.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import { ended, untilSaid, Workplace, type Outcome } from './swaplab.ts';

const TRACE = 'pages 1000\nW 0 1000 seq 1000 1 rand\nR 0 1000 seq 1000 1 -\n';
const PAUSED = 'pages 1000\nW 0 1000 seq 1000 1 rand\npause\nR 0 1000 seq 1000 1 -\n';
const RUN = ['run', '--trace', 't.trace', '--memory', '2M'];

const project = process.cwd();
let place: Workplace;
beforeEach(() => {
  place = new Workplace();
  place.write('t.trace', TRACE);
  vi.stubEnv('XDG_STATE_HOME', place.path('state'));
  process.chdir(place.folder);
});
afterEach(() => {
  process.chdir(project);
  vi.unstubAllEnvs();
  place.remove();
});

/** Runs a command line in this process. */
async function call(...args: readonly string[]): Promise<Outcome> {
  const said = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text);
      return true;
    }),
  );
  try {
    return { code: await main(args), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Expects one line on stderr that matches, nothing on stdout, and no stack of calls. */
function expectRefusal({ code, stdout, stderr }: Outcome, wanted: number, message: RegExp): void {
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect([code, stdout]).toEqual([wanted, '']);
}

describe('a command that cannot do what it is told', () => {
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
  ])('ends in one clear message: %j', async (args, code, message) => {
    place.write('bad.trace', 'pages 10\nR 0 1 sideways 1 1 -\n');
    place.write('bad.json', '{"seed": ');
    place.write('key.json', '{"wrkload": {}, "workload": {"trace": "pages 1"}}');
    const text = 'just some text, and more of it than a header would need to be read\n'.repeat(80);
    place.write('text.txt', text);
    const { code: found, stderr } = await call(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(found).toBe(code);
    expect(readFileSync(place.path('text.txt'), 'utf8')).toBe(text);
  });

  it('gives its exit code to the shell', () => {
    expectRefusal(place.swaplab('fly'), 2, /^swaplab: 'fly' is no command/);
    expectRefusal(place.swaplab(...RUN, '--area', 'gone.swap'), 1, /gone\.swap: cannot be used/);
  });
});

describe('a mistake in a trace', () => {
  it.each([
    ['a verb', 'Q 0 1 seq 1 1 -', "'Q' is no operation; accepted: W M R"],
    [
      'a count beyond the mapping',
      'R 5 6 seq 6 1 -',
      'pages 5 to 10 reach beyond .*; accepted: 0 to 9',
    ],
    ['a count that is no number', 'R 0 all seq 1 1 -', "count 'all' is no number; accepted: 0 to"],
    ['a content', 'W 0 1 seq 1 1 pink', "content 'pink' is none; accepted: .*zero"],
    ['a missing field', 'R 0 1 seq 1 1', "'R' takes 6 fields"],
  ])('is named with its line: %s', async (_, line, message) => {
    place.write('bad.trace', `pages 10\n# a comment\nW 0 10 seq 10 1 zero\n${line}\n`);
    const outcome = await call('run', '--trace', 'bad.trace', '--swap', '1M');
    expectRefusal(outcome, 2, new RegExp(`^swaplab: run: bad\\.trace:4: ${message}`));
  });

  it('is named with its line inside a spec', async () => {
    place.write('spec.json', JSON.stringify({ workload: { trace: 'pages 10\nfly 1\n' } }));
    expectRefusal(await call('run', '--spec', 'spec.json'), 2, /trace:2: 'fly' is no operation/);
  });
});

describe('an option value that is none', () => {
  it.each([
    [['--memory', '0', '--swap', '1M'], /machine\.memory: .*64 pages/],
    [['--ram', '1K', '--swap', '1M'], /machine\.ram: '1K' is no multiple of the page size/],
    [['--swap', '4K'], /swap size '4K': accepted: 40960 bytes to 1T/],
    [['--swap', '2T'], /swap size '2T': accepted: 40960 bytes to 1T/],
    [['--swap', '1M,colour'], /--swap: 'colour' is not accepted; accepted: prio=N/],
    [['--swap', '1M,prio=99999'], /areas\.0\.priority: 99999 .*32767/],
    [['--zswap', 'max_pool_percent=101'], /zswap\.maxPoolPercent: 101 .*100/],
    [['--zswap', 'compressor=zip'], /zswap\.compressor: "zip" .*lz4/],
    [['--payload', 'maybe'], /--payload .*'maybe'.*bytes, none/],
    [['--content', 't.trace'], /--content: t\.trace has \d+ bytes; accepted: at least 4096/],
    [['--workload', 'usemem'], /--trace and --workload exclude each other/],
    [['--swap', '1M', 'word'], /'word' is not an option/],
  ])('is named with what is accepted: run … %j', async (args, message) => {
    expectRefusal(await call(...RUN, ...args), 2, message);
  });

  it.each([
    [['demo', '--frob'], /demo: unknown option '--frob'/],
    [['run', '--workload', 'frob', '--swap', '1M'], /'frob' is no workload; accepted: usemem/],
    [['run', '--workload', 'usemem', '--', '3Q'], /usemem SIZE: '3Q' is no size/],
    [['--db'], /--db: takes the path/],
  ])('is named with what is accepted: %j', async (args, message) => {
    expectRefusal(await call(...args), 2, message);
  });
});

describe('a mistake in a spec', () => {
  it.each([
    [{ machine: { memori: 1 } }, /spec\.json: unknown key 'memori' in machine/],
    [{ areas: [{ size: '1M', colour: 'red' }] }, /unknown key 'colour' in areas\.0/],
    [{ seed: -1 }, /seed: -1 is not accepted/],
    [{ workload: { tracee: 'x' } }, /workload: .*tracee.*expected \{"trace"/],
    [{ areas: [{}] }, /areas: each needs a path or a size/],
  ])('is named with its key: %j', async (part, message) => {
    const spec = { workload: { name: 'memhog', arguments: ['4M'] }, ...part };
    place.write('spec.json', JSON.stringify(spec));
    expectRefusal(await call('run', '--spec', 'spec.json'), 2, message);
  });
});

describe('a header that lies', () => {
  it.each([
    ['its version', 1024, 2, /header version 2; .*accepted: 1/],
    ['its last page, 0', 1028, 0, /last_page is 0; accepted/],
    ['its last page, beyond the file', 1028, 9_999_999, /the file has 256 whole pages/],
    ['bad pages of a file', 1032, 5, /nr_badpages is 5; accepted in a regular file: 0/],
    ['its signature', 4086, 88, /a\.swap.*'SWAPSPACE2'/],
  ])('is refused by run and left as it is: %s', async (_, offset, value, message) => {
    expect((await call('mkswap', '-q', '-F', '-s', '1M', 'a.swap')).code).toBe(0);
    const bytes = readFileSync(place.path('a.swap'));
    bytes.writeUInt32LE(value, offset);
    place.write('a.swap', bytes);
    expectRefusal(await call(...RUN, '--area', 'a.swap'), 1, message);
    expect(readFileSync(place.path('a.swap')).equals(bytes)).toBe(true);
  });
});

describe('a state database', () => {
  it('of another program is refused with exit 2 and left as it is', async () => {
    const db = new Database(place.path('other.db'));
    db.exec('CREATE TABLE bookmark (url TEXT); PRAGMA application_id = 252006');
    db.close();
    const before = readFileSync(place.path('other.db'));
    for (const args of [
      [...RUN, '--swap', '1M'],
      ['runs', 'ls'],
    ])
      expectRefusal(
        await call('--db', 'other.db', ...args),
        2,
        /other\.db: a database of another program; accepted is a state database/,
      );
    expect(readFileSync(place.path('other.db')).equals(before)).toBe(true);
  });

  it('of a newer version is refused with both versions and left as it is', async () => {
    expect((await call(...RUN, '--swap', '8M', '--db', 'new.db')).code).toBe(0);
    const db = new Database(place.path('new.db'));
    db.pragma('journal_mode = DELETE');
    db.pragma('user_version = 99');
    db.close();
    const before = readFileSync(place.path('new.db'));
    for (const args of [
      [...RUN, '--swap', '1M'],
      ['runs', 'ls'],
    ]) {
      const outcome = await call(...args, '--db=new.db');
      expect(outcome.stderr).toMatch(/new\.db: .*99/);
      expect(outcome.code).not.toBe(0);
    }
    expect(readFileSync(place.path('new.db')).equals(before)).toBe(true);
  });

  it('is named in front of the command, in its middle or at its end', async () => {
    const line = ['--trace', 't.trace', '--memory', '2M'];
    expect((await call('--db', 'my.db', 'run', ...line, '--swap', '8M')).code).toBe(0);
    expect((await call('run', ...line, '--db=my.db', '--swap', '8M')).code).toBe(0);
    expect((await call('runs', 'ls', '--db', 'my.db')).stdout).toMatch(/^ +2 +done .*\n +1 +done/m);
    // Only there: nothing was made at the default place.
    expect(readdirSync(place.folder)).not.toContain('state');
  });

  it('is only read by runs sql', async () => {
    expect((await call(...RUN, '--swap', '8M')).code).toBe(0);
    for (const statement of [
      'DELETE FROM run',
      'UPDATE run SET seed = 7',
      'DROP TABLE run',
      'PRAGMA user_version = 99',
      'SELECT 1; DELETE FROM run',
    ]) {
      const outcome = await call('runs', 'sql', statement);
      expectRefusal(outcome, 2, /SQL: .*; accepted is one statement that only reads/);
    }
    const { stdout } = await call('runs', 'sql', '--json', 'SELECT run_id, seed FROM run');
    expect(JSON.parse(stdout)).toEqual([{ run_id: 1, seed: 1 }]);
  });
});

/** A disk of 1 MiB, kept in memory: swaplab's own files may lie there, the kernel's may not. */
describe('a full disk (needs root on Linux, to mount one)', () => {
  let disk: string;
  let isMounted = false;
  beforeEach(() => {
    disk = place.path('disk');
    mkdirSync(disk);
    const argv = ['-t', 'tmpfs', '-o', 'size=1m', 'swaplab-test', disk];
    const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
    isMounted = isRoot && spawnSync('mount', argv).status === 0;
  });
  afterEach(() => {
    if (isMounted) spawnSync('umount', [disk]);
  });

  function fill(): void {
    expect(() => {
      writeFileSync(`${disk}/fill`, new Uint8Array(2 << 20));
    }).toThrow(/ENOSPC/);
  }

  it('has no room for an area: mkswap says so and leaves no file behind', (context) => {
    context.skip(!isMounted, 'a disk cannot be mounted here');
    expectRefusal(
      place.swaplab('mkswap', '-F', '-s', '8M', 'disk/a.swap'),
      1,
      /mkswap: couldn't allocate swap file disk\/a\.swap: No space left on device/,
    );
    expect(readdirSync(disk)).toEqual([]);
  });

  it("has no room for a run's temporary area: nothing stays behind", (context) => {
    context.skip(!isMounted, 'a disk cannot be mounted here');
    vi.stubEnv('TMPDIR', disk);
    const small = new Workplace();
    small.write('t.trace', TRACE);
    const outcome = small.swaplab(...RUN, '--swap', '64M');
    expectRefusal(outcome, 1, /no temporary area: mkswap: .*No space left on device/);
    expect(readdirSync(disk)).toEqual([small.folder.slice(disk.length + 1)]);
  });

  it('ends a run whose database it holds: exit 1, and the area is whole and free', async (context) => {
    context.skip(!isMounted, 'a disk cannot be mounted here');
    place.makeArea('a.swap', '16M', '-L', 'kept');
    place.write('paused.trace', PAUSED);
    const line = ['--trace', 'paused.trace', '--memory', '2M', '--area', 'a.swap'];
    const child = place.start('run', ...line, '--db', 'disk/s.db');
    await untilSaid(child, 'press Enter');
    fill();
    const said = untilSaid(child, 's.db');
    child.stdin.end('\n');
    expect(await said).toMatch(
      /disk\/s\.db: no room left to write the state database \(ENOSPC\); free space/,
    );
    expect(await ended(child)).toBe(1);
    rmSync(`${disk}/fill`);
    expect(place.swaplab('runs', 'ls', '--db', 'disk/s.db').stdout).toMatch(
      /^ +1 +(failed|aborted)/m,
    );
    expect(place.swaplab('swaplabel', 'a.swap').stdout).toContain('LABEL: kept');
    expect(place.swaplab(...RUN, '--area', 'a.swap', '--db', 'disk/s.db').code).toBe(0);
    expect(statSync(place.path('a.swap')).size).toBe(16 << 20);
  });
});
