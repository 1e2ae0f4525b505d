import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decodeHeader } from '../../src/area/index.ts';
import { openStateDatabase } from '../../src/runs/index.ts';
import { MAX_SWAPFILES } from '../../src/units/index.ts';
import { GOLDEN_UUID, isRoot, Workspace, type Ended } from './util-linux-support.ts';

const workspace = new Workspace();
const swapon = (...argv: string[]): Ended => workspace.run('swapon', ...argv);
const swapoff = (...argv: string[]): Ended => workspace.run('swapoff', ...argv);
const DONE: Ended = { status: 0, stdout: '', stderr: '' };
const TRY_HELP = "Try 'swapon --help' for more information.\n";

/** Makes an area of `pages` pages in a file that has all its blocks. */
function area(name: string, pages = 256, ...options: string[]): string {
  const path = workspace.file(name, pages * 4096);
  expect(workspace.run('mkswap', '-q', ...options, path)).toEqual(DONE);
  return path;
}

/** Names and priorities of the active areas. */
function active(): string[] {
  const { stdout } = swapon('--show=NAME,PRIO', '--noheadings', '--raw');
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '');
}

function patch(path: string, offset: number, bytes: Uint8Array): void {
  const all = readFileSync(path);
  all.set(bytes, offset);
  writeFileSync(path, all);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

describe('swapon', () => {
  it('makes areas active in the order they are named, each below the one before', () => {
    const [a, b] = [area('a'), area('b')];
    expect(swapon(a, b)).toEqual(DONE);
    expect(active()).toEqual([`${a} -2`, `${b} -3`]);
  });

  it('gives a priority by -p or -o pri=, and lets the kernel pick for a negative one', () => {
    const paths = ['a', 'b', 'c', 'd'].map((name) => area(name));
    swapon('-p', '5', paths[0]!);
    swapon('-o', 'nofail,pri=32767', paths[1]!);
    swapon('-o', 'pri=99999', paths[2]!);
    swapon('-p', '-7', paths[3]!);
    expect(active().map((line) => line.split(' ')[1])).toEqual(['5', '32767', '32767', '-2']);
  });

  it('takes a relative path and a link for the file behind it', () => {
    const path = area('a');
    symlinkSync(path, workspace.path('link'));
    expect(swapon(workspace.path('link'))).toEqual(DONE);
    expect(active()).toEqual([`${path} -2`]);
  });

  it('refuses a file that is active, by any of its names (EBUSY)', () => {
    const path = area('a');
    swapon(path);
    const { status, stderr } = swapon(path);
    expect(status).toBe(255);
    expect(stderr).toBe(
      `swapon: ${path}: swapon failed: Device or resource busy\n` +
        `swapon: ${path}: it is an active swap area already\n`,
    );
  });

  it('refuses a file that is not there, a folder, and a file without a header', () => {
    const none = workspace.path('none');
    expect(swapon(none)).toEqual({
      status: 255,
      stdout: '',
      stderr: `swapon: cannot open ${none}: No such file or directory\n`,
    });
    const plain = workspace.file('plain', 65_536);
    expect(swapon(plain)).toMatchObject({
      status: 255,
      stderr: `swapon: ${plain}: read swap header failed\n`,
    });
    mkdirSync(workspace.path('folder'), { mode: 0o700 });
    expect(swapon(workspace.path('folder')).stderr).toMatch(/folder: read swap header failed\n$/);
  });

  it('tells what the kernel logs, and what would be accepted, for a header that lies', () => {
    const cases: readonly [string, number, number, string][] = [
      [
        'version',
        1024,
        3,
        'Unable to handle swap header version 3: the header has version 3; accepted: 1',
      ],
      ['last', 1028, 0, 'Empty swap-file: last_page is 0; accepted: 1 to the last page'],
      [
        'long',
        1028,
        256,
        'Swap area shorter than signature indicates: last_page is 256, the file has 256 whole pages; accepted: 1 to 255',
      ],
      ['bad', 1032, 1, 'nr_badpages is 1; accepted in a regular file: 0'],
    ];
    for (const [name, offset, value, message] of cases) {
      const path = area(name);
      patch(path, offset, u32(value));
      expect(swapon(path)).toEqual({
        status: 255,
        stdout: '',
        stderr:
          `swapon: ${path}: swapon failed: Invalid argument\n` + `swapon: ${path}: ${message}\n`,
      });
    }
    expect(active()).toEqual([]);
  });

  it('refuses page sizes that are not the system’s (LTP mkswap01 -p 2048)', () => {
    const path = area('a', 256, '-p', '2048');
    expect(swapon(path)).toMatchObject({ status: 255 });
    const large = area('b', 256, '-p', '8192');
    expect(swapon(large).stderr).toBe(
      `swapon: ${large}: swap format pagesize does not match. (Use --fixpgsz to reinitialize it.)\n` +
        `swapon: ${large}: swapon failed: Invalid argument\n` +
        `swapon: ${large}: Unable to find swap-space signature: 'SWAPSPACE2' is not at the end of ` +
        'the first 4096 bytes; make an area with mkswap\n',
    );
  });

  it('refuses an area that was made larger than its file (LTP mkswap01 -f)', () => {
    const path = workspace.file('a', 256 * 4096);
    workspace.run('mkswap', '-q', '-f', path, String(257 * 4));
    expect(swapon(path)).toMatchObject({ status: 255 });
    expect(active()).toEqual([]);
  });

  it('passes over a file with holes', () => {
    const path = area('a', 10);
    truncateSync(path, 1 << 20);
    expect(swapon(path)).toEqual({
      status: 255,
      stdout: '',
      stderr: `swapon: ${path}: skipping - it appears to have holes.\n`,
    });
  });

  it('refuses more areas than there are types (LTP swapon03: EPERM)', () => {
    const paths = Array.from({ length: MAX_SWAPFILES + 1 }, (_, i) => area(`a${i}`, 10));
    const { status, stderr } = swapon(...paths);
    expect(status).toBe(255);
    expect(stderr).toContain(`${paths.at(-1)!}: swapon failed: Operation not permitted\n`);
    expect(active()).toHaveLength(MAX_SWAPFILES);
  });

  it('warns about permissions and a foreign owner', () => {
    const path = area('a');
    chmodSync(path, 0o644);
    const warnings = [`swapon: ${path}: insecure permissions 0644, 0600 suggested.\n`];
    if (isRoot) {
      chownSync(path, 1000, 1000);
      warnings.push(`swapon: ${path}: insecure file owner 1000, 0 (root) suggested.\n`);
    }
    expect(swapon(path)).toEqual({ ...DONE, stderr: warnings.join('') });
  });

  it('tells with -v what it finds', () => {
    const path = area('a');
    expect(swapon('-v', path)).toEqual({
      status: 0,
      stdout: `swapon ${path}\n`,
      stderr:
        `swapon: ${path}: found signature [pagesize=4096, signature=swap]\n` +
        `swapon: ${path}: pagesize=4096, swapsize=1048576, devsize=1048576\n`,
    });
  });

  it('takes a ghost, whose size is its header’s', () => {
    const path = workspace.path('ghost');
    workspace.run('mkswap', '-q', '--ghost', '-s', '64M', path);
    expect(swapon(path)).toEqual(DONE);
    expect(swapon('--show=type,size', '--noheadings', '--bytes').stdout).toBe(
      `ghost ${64 * 1024 ** 2 - 4096}\n`,
    );
  });

  it('cuts an area off at 1 TiB, and says so', () => {
    const path = workspace.path('ghost');
    workspace.run('mkswap', '-q', '--ghost', '-s', '4T', path);
    expect(swapon(path)).toEqual({
      ...DONE,
      stderr: `swapon: ${path}: Truncating oversized swap area, only using 1073741824k out of 4294967292k\n`,
    });
  });

  it('takes an area of the other byte order', () => {
    expect(swapon(area('a', 256, '-e', 'big'))).toEqual(DONE);
    expect(active()).toHaveLength(1);
  });

  it('accepts discard policies and refuses unknown ones', () => {
    expect(swapon('-d', '--discard=once', '-dpages', area('a'))).toEqual(DONE);
    expect(swapon('--discard=foo', 'x')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'swapon: unsupported discard policy: foo\n',
    });
  });

  it('answers a usage error with status 1', () => {
    const cases: readonly [string[], string][] = [
      [['-p', 'x', 'd'], "swapon: failed to parse priority: 'x'\n"],
      [
        ['-p', '40000', 'd'],
        "swapon: failed to parse priority: '40000': Numerical result out of range\n",
      ],
      [['--show=FOO'], 'swapon: unknown column: FOO\n'],
      [['-e', 'd'], `swapon: bad usage\n${TRY_HELP}`],
      [['-a', '-s'], 'swapon: mutually exclusive arguments: --all --options --summary --show\n'],
      [['-o'], `swapon: option requires an argument -- 'o'\n${TRY_HELP}`],
      [['--annotate=x'], 'swapon: invalid argument of --annotate: x\n'],
    ];
    for (const [argv, stderr] of cases)
      expect(swapon(...argv)).toEqual({ status: 1, stdout: '', stderr });
  });

  it('names another program’s database and changes nothing', () => {
    const path = area('a');
    writeFileSync(workspace.databasePath, 'something else');
    const { status, stderr } = swapon(path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^swapon: .*state\.db: not a database/);
  });
});

describe("util-linux's own tests of swapon", () => {
  it('fixpgsz: the area is made anew, with its label and UUID', () => {
    const path = area('a', 256, '-p', '65536', '-L', 'MyFooBarLabel', '-U', GOLDEN_UUID);
    const { status, stdout, stderr } = swapon('--fixpgsz', path);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr:
        `swapon: ${path}: swap format pagesize does not match.\n` +
        `swapon: ${path}: reinitializing the swap.\n` +
        `mkswap: ${path}: warning: wiping old swap signature.\n`,
    });
    expect(stdout).toContain(`LABEL=MyFooBarLabel, UUID=${GOLDEN_UUID}\n`);
    expect(decodeHeader(readFileSync(path), 4096)).toMatchObject({ lastPage: 255 });
    expect(active()).toHaveLength(1);
  });

  it('fixsig: what software suspend left is rewritten', () => {
    const path = area('a');
    patch(path, 4086, new TextEncoder().encode('S2SUSPEND '));
    expect(swapon(path)).toEqual({
      ...DONE,
      stderr: `swapon: ${path}: software suspend data detected. Rewriting the swap signature.\n`,
    });
    expect(readFileSync(path).toString('latin1', 4086, 4096)).toBe('SWAPSPACE2');
    expect(active()).toHaveLength(1);
  });

  it.each([
    ['-L', 'here'],
    ['LABEL=here'],
    ['LABEL="here"'],
    ['-U', GOLDEN_UUID],
    [`UUID=${GOLDEN_UUID}`],
  ])('label and uuid: an area of the fstab is found by %s', (...spec) => {
    const path = area('a', 256, '-L', 'here', '-U', GOLDEN_UUID);
    const fstab = workspace.file('fstab', Buffer.from(`${path} none swap sw 0 0\n`));
    expect(swapon('-T', fstab, ...spec)).toEqual(DONE);
    expect(active()).toEqual([`${path} -2`]);
  });
});

describe('an area by its label', () => {
  it('that nobody has cannot be found', () => {
    for (const argv of [['-L', 'no such label'], ['LABEL=no such label']]) {
      const name = argv.at(-1)!;
      expect(swapon(...argv)).toEqual({
        status: 255,
        stdout: '',
        stderr: `swapon: cannot find the device for ${name}\n`,
      });
    }
  });

  it('is not looked for among devices when blkid is missing, which is said', () => {
    workspace.env = { PATH: '/nonexistent/sbin' };
    expect(swapon('-L', 'x').stderr).toBe(
      'swapon: LABEL=x: the program blkid of util-linux is not installed, so labels and UUIDs are ' +
        'found in active areas and in files that the fstab names\n' +
        'swapon: cannot find the device for x\n',
    );
  });
});

describe('swapon --all', () => {
  it('takes the areas of the fstab that are not active, with their options', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd d'].map((name) => area(name)) as [
      string,
      string,
      string,
      string,
    ];
    swapon(a);
    const none = workspace.path('none');
    const fstab = workspace.file(
      'fstab',
      Buffer.from(
        '# areas\n' +
          `${a} none swap sw 0 0\n` +
          `\t${b}\tnone\tswap\tpri=7\n` +
          `${c} none swap noauto 0 0\n` +
          `${d.replace(' ', '\\040')} none swap\n` +
          `${none} none swap nofail 0 0\n` +
          '/dev/sda1 / ext4 defaults 0 1\n' +
          'broken\n',
      ),
    );
    expect(swapon('-a', '-v', '-T', fstab)).toMatchObject({
      status: 0,
      stdout: `swapon ${b}\nswapon ${d}\n`,
    });
    expect(active()).toEqual([`${a} -2`, `${b} 7`, `${d.replace(' ', '\\x20')} -3`]);
    const { stderr } = swapon('-a', '-v', '--fstab', fstab);
    expect(stderr).toBe(
      `swapon: ${fstab}: parse error at line 8 -- ignored\n` +
        `swapon: ${a}: already active -- ignored\n` +
        `swapon: ${b}: already active -- ignored\n` +
        `swapon: ${c}: noauto option -- ignored\n` +
        `swapon: ${d}: already active -- ignored\n` +
        `swapon: ${none}: inaccessible -- ignored\n`,
    );
  });

  it('passes over what does not exist with -e, and fails without', () => {
    const fstab = workspace.file('fstab', Buffer.from('/no/such/area none swap sw\n'));
    workspace.env['LIBMOUNT_FSTAB'] = fstab;
    expect(swapon('-a').status).toBe(255);
    expect(swapon('-a', '-e')).toEqual(DONE);
  });

  it('fails when there is no fstab', () => {
    expect(swapon('-a', '-T', '/no/such/fstab')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'swapon: failed to parse /no/such/fstab: No such file or directory\n',
    });
  });
});

describe('swapon --show', () => {
  it('prints nothing when nothing is active, and makes no database', () => {
    for (const argv of [[], ['--show'], ['-s'], ['--show', '--raw']])
      expect(swapon(...argv)).toEqual(DONE);
    expect(JSON.parse(swapon('--json').stdout)).toEqual({ swapdevices: [] });
    expect(() => readFileSync(workspace.databasePath)).toThrow(/ENOENT/);
  });

  it('aligns its columns as util-linux does', () => {
    const a = area('a', 10, '-L', 'lab', '-U', GOLDEN_UUID);
    const b = area('bb', 300, '-U', 'clear');
    swapon('-p', '3', a);
    swapon(b);
    const gap = ' '.repeat(b.length - 4);
    expect(swapon().stdout).toBe(
      `NAME${gap} TYPE SIZE USED PRIO\n` +
        `${a}  file  36K   0B    3\n` +
        `${b} file 1.2M   0B   -2\n`,
    );
    expect(swapon('--show', '--output-all').stdout).toBe(
      `NAME${gap} TYPE SIZE USED PRIO UUID                                 LABEL\n` +
        `${a}  file  36K   0B    3 ${GOLDEN_UUID} lab\n` +
        `${b} file 1.2M   0B   -2 ${' '.repeat(36)} \n`,
    );
    expect(swapon('--show=size,name', '--raw', '--bytes').stdout).toBe(
      `SIZE NAME\n36864 ${a}\n1224704 ${b}\n`,
    );
    expect(swapon('--show=PRIO', '--annotate=always').stdout).toBe(
      '\u001b]8;;swap priority\u001b\\PRIO\u001b]8;;\u001b\\\n   3\n  -2\n',
    );
  });

  it('counts what is used', () => {
    swapon(area('a'));
    const database = openStateDatabase(workspace.databasePath);
    const [found] = database.activeAreas.list();
    database.activeAreas.setUsedPages(found!.fileId, 10);
    database.close();
    expect(swapon('--show=USED', '--noheadings').stdout).toBe('40K\n');
  });

  it('prints one JSON document with every column, sizes in bytes', () => {
    const path = area('a', 10, '-U', GOLDEN_UUID);
    swapon(path);
    const row = { name: path, type: 'file', size: 36_864, used: 0, prio: -2 };
    for (const argv of [['--json'], ['--show', '--json']])
      expect(JSON.parse(swapon(...argv).stdout)).toEqual({
        swapdevices: [{ ...row, uuid: GOLDEN_UUID, label: null }],
      });
    expect(JSON.parse(swapon('--show=NAME', '--json').stdout)).toEqual({
      swapdevices: [{ name: path }],
    });
  });

  it('prints with -s the lines of /proc/swaps', () => {
    const a = area('a', 10);
    swapon(a);
    const ghost = workspace.path('ghost-with-a-name-that-is-longer-than-forty');
    workspace.run('mkswap', '-q', '--ghost', '-s', '64G', ghost);
    swapon(ghost);
    expect(swapon('-s').stdout).toBe(
      'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n' +
        `${a.length < 40 ? a.padEnd(40) : `${a} `}file\t\t36\t\t0\t\t-2\n` +
        `${ghost} ghost\t\t67108860\t0\t\t-3\n`,
    );
  });

  it('shows help and version', () => {
    expect(swapon('-h').stdout).toContain('\nAvailable output columns:\n NAME   device file');
    expect(swapon('--version').stdout).toMatch(/^swapon from swaplab \d/);
  });
});

describe('swapoff', () => {
  it('ends areas by path, label and UUID, among active files too', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) =>
      area(name, 10, '-L', `label-${name}`),
    ) as [string, string, string, string];
    swapon(a, b, c, d);
    const uuid = swapon('--show=UUID', '--noheadings').stdout.split('\n')[3]!;
    expect(swapoff('-v', a, '-L', 'label-b', 'LABEL=label-c', '-U', uuid)).toEqual({
      ...DONE,
      stdout: `swapoff ${b}\nswapoff ${d}\nswapoff ${a}\nswapoff LABEL=label-c\n`,
    });
    expect(active()).toEqual([]);
  });

  it('moves the areas below up by one, as the kernel does', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => area(name)) as [string, string, string];
    swapon(a, b, c);
    swapoff(a);
    expect(active()).toEqual([`${b} -2`, `${c} -3`]);
  });

  it('ends all with -a, the last first, and may do so twice', () => {
    const [a, b] = [area('a'), area('b')];
    swapon(a, b);
    expect(swapoff('-a', '-v')).toEqual({ ...DONE, stdout: `swapoff ${b}\nswapoff ${a}\n` });
    expect(swapoff('-a')).toEqual(DONE);
  });

  it('answers with the statuses of util-linux (LTP swapoff02)', () => {
    const path = area('a');
    const none = workspace.path('none');
    expect(swapoff(none)).toEqual({
      status: 4,
      stdout: '',
      stderr: `swapoff: ${none}: swapoff failed: No such file or directory\n`,
    });
    expect(swapoff(path)).toEqual({
      status: 4,
      stdout: '',
      stderr: `swapoff: ${path}: swapoff failed: Invalid argument\n`,
    });
    expect(swapoff('LABEL=zz')).toEqual({
      status: 255,
      stdout: '',
      stderr: 'swapoff: cannot find the device for LABEL=zz\n',
    });
    expect(swapoff('-L', 'zz').status).toBe(255);
    const help = "Try 'swapoff --help' for more information.\n";
    expect(swapoff()).toEqual({ status: 16, stdout: '', stderr: `swapoff: bad usage\n${help}` });
    expect(swapoff('-Z').status).toBe(16);
    expect(swapoff('-h').status).toBe(0);
  });

  it('answers status 8 when the state database is another program’s', () => {
    writeFileSync(workspace.databasePath, 'something else');
    expect(swapoff('-a').status).toBe(8);
  });

  it('ends the area of a file that is gone', () => {
    const path = area('a');
    swapon(path);
    rmSync(path);
    expect(swapoff(path)).toEqual(DONE);
    expect(active()).toEqual([]);
  });
});

describe('an area that a live run works on', () => {
  /** Makes this process's parent, which lives as long as the test, the owner of all areas. */
  function own(): void {
    const pid = process.ppid;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const database = openStateDatabase(workspace.databasePath, { owner: { pid, startTicks } });
    const areas = database.activeAreas;
    expect(areas.acquire(areas.list().map(({ fileId }) => fileId))).toBe('ok');
    database.close();
  }

  it('stays busy, and swapoff names the process', () => {
    const path = area('a');
    swapon(path);
    own();
    expect(swapoff(path)).toEqual({
      status: 4,
      stdout: '',
      stderr:
        `swapoff: ${path}: swapoff failed: Device or resource busy\n` +
        `swapoff: ${path}: a run is at work on it (pid ${process.ppid}); it can be ended after that\n`,
    });
  });

  it('makes swapoff -a end with 64 when others could be ended, with 32 when none could', () => {
    const [a, b] = [area('a'), area('b')];
    swapon(a);
    own();
    swapon(b);
    expect(swapoff('-a')).toEqual({ status: 64, stdout: '', stderr: '' });
    expect(active()).toEqual([`${a} -2`]);
    expect(swapoff('-a')).toEqual({ status: 32, stdout: '', stderr: '' });
  });
});

describe('processes that want the same file at once', () => {
  it('do not both get it: one wins, the others get EBUSY', async () => {
    const path = area('a');
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const argv = [main, '--db', workspace.databasePath, 'swapon', path];
    const ended = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
        const [status] = (await once(child, 'close')) as [number];
        return { status, stderr };
      }),
    );
    const losers = ended.filter(({ status }) => status !== 0);
    expect(losers).toHaveLength(3);
    for (const { status, stderr } of losers) {
      expect(status).toBe(255);
      expect(stderr).toContain('swapon failed: Device or resource busy\n');
    }
    expect(active()).toEqual([`${path} -2`]);
  });
});
