import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { endianness } from 'node:os';
import { describe, expect, it } from 'vitest';
import { findUnreadablePages } from '../../cli/util-linux/bad-blocks.ts';
import { timeUuid } from '../../cli/util-linux/time-uuid.ts';
import { decodeHeader, formatUuid } from '../../src/area/index.ts';
import { GOLDEN_UUID, isInstalled, isRoot, Workspace } from './util-linux-support.ts';

const workspace = new Workspace();
const run = (...argv: string[]): ReturnType<Workspace['run']> => workspace.run('mkswap', ...argv);
const golden = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/golden-areas/${name}.img`, import.meta.url));

const NATIVE = endianness();
const TRY_HELP = "Try 'mkswap --help' for more information.\n";

describe("util-linux's own tests of mkswap", () => {
  const cases = [4096, 8192].flatMap((pageSize) =>
    (['native', 'little', 'big'] as const).map((order) => ({ pageSize, order })),
  );

  it.each(cases)('a file gives the golden image: $order, $pageSize', ({ pageSize, order }) => {
    const path = workspace.path('area');
    writeFileSync(path, '');
    truncateSync(path, pageSize * 10);
    const names = ['-q', '-L', 'label', '-U', GOLDEN_UUID, '-e', order, '-p', String(pageSize)];
    expect(run(...names, path)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(path).equals(golden(imageName(order, pageSize)))).toBe(true);
  });

  it.each(cases)('-F -s gives it on no file: $order, $pageSize', ({ pageSize, order }) => {
    const path = workspace.path('area');
    const names = ['-q', '-L', 'label', '-U', GOLDEN_UUID, '-e', order, '-p', String(pageSize)];
    expect(run(...names, '-F', '-s', String(pageSize * 10), path)).toMatchObject({ status: 0 });
    expect(readFileSync(path).equals(golden(imageName(order, pageSize)))).toBe(true);
    const { mode, blocks, size } = statSync(path);
    expect(mode & 0o7777).toBe(0o600);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
  });

  it('-o leaves what is in front of the area alone', () => {
    const names = ['-q', '-U', GOLDEN_UUID, '-p', '4096'];
    const plain = workspace.file('plain', 40_960);
    const front = new Uint8Array(10_000).fill(0xee);
    const moved = workspace.file('moved', Buffer.concat([front, new Uint8Array(40_960)]));
    expect(run(...names, plain).status).toBe(0);
    expect(run(...names, '-o', '10000', moved).status).toBe(0);
    const bytes = readFileSync(moved);
    expect(bytes.subarray(0, 10_000).equals(front)).toBe(true);
    expect(bytes.subarray(10_000).equals(readFileSync(plain))).toBe(true);
  });

  it('-F makes an area of a file that is there already', () => {
    const argv = [
      '-q',
      '-U',
      GOLDEN_UUID,
      '-p',
      '4096',
      '-F',
      '-s',
      '40960',
      workspace.path('area'),
    ];
    expect(run(...argv)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(run(...argv)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  function imageName(order: 'native' | 'little' | 'big', pageSize: number): string {
    const prefix = { native: NATIVE, little: 'LE', big: 'BE' }[order];
    return `${prefix}-${pageSize}`;
  }
});

describe('mkswap', () => {
  it('tells size, label and UUID', () => {
    const path = workspace.file('area', 1 << 20);
    expect(run('-L', 'lab', '-U', GOLDEN_UUID, path)).toEqual({
      status: 0,
      stdout:
        'Setting up swapspace version 1, size = 1020 KiB (1044480 bytes)\n' +
        `LABEL=lab, UUID=${GOLDEN_UUID}\n`,
      stderr: '',
    });
  });

  it('makes a UUID of its own, at random, of the time, or none', () => {
    const path = workspace.file('area', 1 << 20);
    const uuidOf = (...argv: string[]): string => {
      expect(run('-q', ...argv, path)).toMatchObject({ status: 0 });
      const header = decodeHeader(readFileSync(path), 4096);
      return typeof header === 'string' ? header : formatUuid(header.uuid);
    };
    expect(uuidOf()).toMatch(/^.{14}4.{4}[89ab]/);
    expect(uuidOf('-U', 'random')).not.toBe(uuidOf('-U', 'random'));
    expect(uuidOf('-U', 'time')).toMatch(/^.{14}1.{4}[89ab]/);
    expect(uuidOf('-U', 'clear')).toBe('00000000-0000-0000-0000-000000000000');
    expect(uuidOf('-U', GOLDEN_UUID.toUpperCase())).toBe(GOLDEN_UUID);
  });

  it('takes the words of any unambiguous prefix, and options behind the file', () => {
    const path = workspace.file('area', 1 << 20);
    expect(run(path, '--lab=x', '--uu', GOLDEN_UUID)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`LABEL=x, UUID=${GOLDEN_UUID}\n`) as string,
    });
  });

  it('refuses what it cannot do, with status 1 and in the words of util-linux', () => {
    const path = workspace.file('area', 1 << 20);
    const small = workspace.file('small', 40_959);
    const cases: readonly [string[], string][] = [
      [[], `mkswap: error: Nowhere to set up swap on?\n${TRY_HELP}`],
      [['a', '2', 'c'], `mkswap: only one device argument is currently supported\n${TRY_HELP}`],
      [['-Z', path], `mkswap: invalid option -- 'Z'\n${TRY_HELP}`],
      [
        ['--ver', path],
        `mkswap: option '--ver' is ambiguous; possibilities: '--version' '--verbose'\n${TRY_HELP}`,
      ],
      [['-c', '-q', path], 'mkswap: mutually exclusive arguments: --check --quiet\n'],
      [['--ghost', '-c', path], 'mkswap: mutually exclusive arguments: --check --ghost\n'],
      [['-U', '123', path], 'mkswap: error: parsing UUID failed\n'],
      [['-p', '3000', path], 'mkswap: Bad user-specified page size 3000\n'],
      [['-p', '4096x', path], "mkswap: parsing page size failed: '4096x'\n"],
      [
        ['-p', '99999999999', path],
        "mkswap: parsing page size failed: '99999999999': Numerical result out of range\n",
      ],
      [['-v', '0', path], 'mkswap: swapspace version 0 is not supported\n'],
      [['-e', 'pdp', path], 'mkswap: invalid endianness pdp is not supported\n'],
      [['-s', '1X', path], "mkswap: invalid size: '1X'\n"],
      [['-o', 'x', path], "mkswap: invalid offset: 'x'\n"],
      [['-o', '2000000', path], 'mkswap: offset larger than file size\n'],
      [[path, 'x'], "mkswap: invalid block count argument: 'x'\n"],
      [[path, '2048'], 'mkswap: error: size 2048 KiB is larger than device size 1024 KiB\n'],
      [[small], 'mkswap: error: swap area needs to be at least 40 KiB\n'],
      [['--lock=foo', path], 'mkswap: unsupported lock mode: foo\n'],
      [
        [workspace.path('none')],
        `mkswap: cannot open ${workspace.path('none')}: No such file or directory\n`,
      ],
      [['/dev/null'], 'mkswap: /dev/null: neither a regular file nor a block device\n'],
    ];
    for (const [argv, stderr] of cases)
      expect(run(...argv), argv.join(' ')).toEqual({ status: 1, stdout: '', stderr });
    expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
  });

  it('makes a smaller area, or by force a larger one, of a size in KiB', () => {
    const path = workspace.file('area', 1 << 20);
    expect(run('-q', path, '512').status).toBe(0);
    expect(decodeHeader(readFileSync(path), 4096)).toMatchObject({ lastPage: 127 });
    expect(run('-q', '-f', path, '2048').status).toBe(0);
    expect(decodeHeader(readFileSync(path), 4096)).toMatchObject({ lastPage: 511 });
  });

  it('warns about permissions, holes, a long label and a foreign page size', () => {
    const path = workspace.path('area');
    writeFileSync(path, '');
    truncateSync(path, 1 << 20);
    chmodSync(path, 0o644);
    const { status, stdout, stderr } = run('-p', '8192', '-L', 'x'.repeat(20), path);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr:
        'mkswap: Using user-specified page size 8192, instead of the system value 4096\n' +
        `mkswap: ${path}: insecure permissions 0644, fix with: chmod 0600 ${path}\n` +
        `\nmkswap: ${path} contains holes or other unsupported extents.\n` +
        '        This swap file can be rejected by kernel on swap activation!\n' +
        '        Use --verbose for more details.\n\n' +
        'mkswap: Label was truncated.\n',
    });
    expect(stdout).toContain(`LABEL=${'x'.repeat(15)}, `);
  });

  it('says with --verbose where the holes are', () => {
    const path = workspace.file('area', 8192);
    truncateSync(path, 1 << 20);
    expect(run('--verbose', path).stderr).toMatch(
      isInstalled('filefrag')
        ? /activation!\n\n - (hole detected at offset 8192|\d+ bytes have no blocks.*)\n\n$/
        : / - \d+ bytes have no blocks \(the program filefrag .* is not installed\)\n\n$/,
    );
  });

  it.skipIf(!isRoot)('warns root about a file of somebody else', () => {
    const path = workspace.file('area', 1 << 20);
    chownSync(path, 1000, 1000);
    expect(run(path).stderr).toBe(
      `mkswap: ${path}: insecure file owner 1000, fix with: chown 0:0 ${path}\n`,
    );
  });

  it('does not look for bad pages in a file, and says so', () => {
    const path = workspace.file('area', 1 << 20);
    expect(run('-c', path).stderr).toBe(
      `mkswap: warning: checking bad blocks from swap file is not supported: ${path}\n`,
    );
  });

  it('says nothing with --quiet', () => {
    const path = workspace.file('area', 1 << 20);
    chmodSync(path, 0o644);
    const silent = { status: 0, stdout: '', stderr: '' };
    expect(run('-q', '-p', '8192', '-L', 'x'.repeat(20), path)).toEqual(silent);
    expect(run('-q', path)).toEqual(silent);
  });

  it('shows help and version', () => {
    expect(run('-h')).toMatchObject({ status: 0, stderr: '' });
    expect(run('--help').stdout).toContain('\nUsage:\n mkswap [options] device [size]\n');
    expect(run('-V').stdout).toMatch(/^mkswap from swaplab \d+\.\d+\.\d+/);
  });

  it('refuses an area that is active', () => {
    const path = workspace.file('area', 1 << 20);
    run('-q', path);
    expect(workspace.run('swapon', path).status).toBe(0);
    symlinkSync(path, workspace.path('link'));
    for (const name of [path, workspace.path('link')])
      expect(run(name)).toEqual({
        status: 1,
        stdout: '',
        stderr: `mkswap: error: ${name} is mounted; will not make swapspace\n`,
      });
  });

  it('leaves no file behind when there is no room', () => {
    const path = workspace.path('area');
    const { status, stderr } = run('-q', '-F', '-s', '4P', path);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^mkswap: couldn't allocate swap file .*area: (No space left on device|File too large)\n$/,
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe('what mkswap finds in a file', () => {
  /** An ext4 superblock as far as blkid wants one: magic, block size, feature, UUID. */
  function ext4(name: string): string {
    const bytes = new Uint8Array(1 << 20);
    const view = new DataView(bytes.buffer);
    view.setUint16(1024 + 0x38, 0xef53, true);
    view.setUint32(1024 + 0x4c, 1, true);
    view.setUint32(1024 + 0x60, 0x40, true);
    return workspace.file(name, bytes);
  }

  function partitioned(name: string): string {
    const bytes = new Uint8Array(1 << 20);
    bytes.set([0, 0, 2, 0, 0x83, 0, 16, 0, 8, 0, 0, 0, 0, 2, 0, 0], 446);
    bytes.set([0x55, 0xaa], 510);
    return workspace.file(name, bytes);
  }

  it.skipIf(!isInstalled('wipefs'))('is told and wiped: an old area, a file system', () => {
    const path = workspace.file('area', 1 << 20);
    run('-q', '-p', '8192', path);
    expect(run(path).stderr).toBe(`mkswap: ${path}: warning: wiping old swap signature.\n`);
    expect(
      readFileSync(path)
        .subarray(4096)
        .every((byte) => byte === 0),
    ).toBe(true);
    const disk = ext4('disk');
    expect(run(disk).stderr).toBe(`mkswap: ${disk}: warning: wiping old ext4 signature.\n`);
  });

  it.skipIf(!isInstalled('wipefs'))('stays when it is a partition table, without force', () => {
    const path = partitioned('disk');
    expect(run(path).stderr).toBe(
      `mkswap: ${path}: warning: don't erase bootbits sectors\n` +
        '        (dos partition table detected). Use -f to force.\n',
    );
    expect(readFileSync(path)[510]).toBe(0x55);
    expect(run('-f', path)).toMatchObject({ status: 0 });
    expect(readFileSync(path)[510]).toBe(0);
  });

  it('stays when nobody can tell what it is: wipefs is missing', () => {
    workspace.env = { PATH: '/nonexistent/sbin' };
    const path = workspace.file('area', new Uint8Array(1 << 20).fill(0xaa));
    expect(run(path)).toMatchObject({
      status: 0,
      stderr:
        `mkswap: ${path}: warning: don't erase bootbits sectors\n` +
        '        (the program wipefs of util-linux is missing). Use -f to force.\n',
    });
    expect(readFileSync(path)[0]).toBe(0xaa);
    expect(run('-q', '-f', path).status).toBe(0);
    expect(readFileSync(path)[0]).toBe(0);
  });
});

describe('mkswap --ghost', () => {
  it('makes one page of mode 0600 that declares the size', () => {
    const path = workspace.path('ghost');
    expect(run('--ghost', '--size', '1T', '-L', 'g', '-U', GOLDEN_UUID, path)).toEqual({
      status: 0,
      stdout:
        'Setting up swapspace version 1, size = 1024 GiB (1099511623680 bytes)\n' +
        `LABEL=g, UUID=${GOLDEN_UUID}\n`,
      stderr: '',
    });
    const { size, mode } = statSync(path);
    expect({ size, mode: mode & 0o7777 }).toEqual({ size: 4096, mode: 0o600 });
    expect(decodeHeader(readFileSync(path), 4096)).toMatchObject({ lastPage: 2 ** 28 - 1 });
  });

  it('makes a ghost anew, smaller or larger', () => {
    const path = workspace.path('ghost');
    run('-q', '--ghost', '-s', '1T', path);
    expect(run('-q', '--ghost', '-s', '64M', path).status).toBe(0);
    expect(statSync(path).size).toBe(4096);
    expect(decodeHeader(readFileSync(path), 4096)).toMatchObject({ lastPage: 16_383 });
  });

  it('does not cut off a longer file unless it is forced to', () => {
    const path = workspace.file('data', new Uint8Array(8192).fill(1));
    expect(run('--ghost', '-s', '1G', path)).toEqual({
      status: 1,
      stdout: '',
      stderr: `mkswap: error: ${path} has 8192 bytes, a ghost area has 4096; use -f to cut it off\n`,
    });
    expect(statSync(path).size).toBe(8192);
    expect(run('-q', '-f', '--ghost', '-s', '1G', path).status).toBe(0);
    expect(statSync(path).size).toBe(4096);
  });

  it('needs a size, pages of 4096 bytes, and a regular file', () => {
    const path = workspace.path('ghost');
    const errorOf = (...argv: string[]): string => run('--ghost', ...argv).stderr;
    expect(errorOf(path)).toBe(
      'mkswap: error: --ghost needs the size that its header declares: --size SIZE\n',
    );
    expect(errorOf('-q', '-p', '8192', '-s', '1G', path)).toBe(
      'mkswap: error: a ghost area has pages of 4096 bytes, not 8192\n',
    );
    expect(errorOf('-s', '8K', path)).toBe(
      'mkswap: error: swap area needs to be at least 40 KiB\n',
    );
    expect(errorOf('-s', '1G', '/dev/null')).toBe(
      "mkswap: cannot create ghost area /dev/null: node isn't regular file\n",
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe.skipIf(!isInstalled('flock'))('mkswap --lock', () => {
  it('does not touch a file that another has locked', () => {
    const path = workspace.file('area', 1 << 20);
    const fd = openSync(path, 'r+');
    spawnSync('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    const busy = { status: 1, stdout: '', stderr: `mkswap: ${path}: device already locked\n` };
    expect(run('--lock=nonblock', path)).toEqual(busy);
    workspace.env['LOCK_BLOCK_DEVICE'] = 'nonblock';
    expect(run(path)).toEqual(busy);
    expect(run('--lock=no', path).status).toBe(0);
    closeSync(fd);
    expect(run('--lock', '-q', path)).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('mkswap without flock', () => {
  it('says what is missing', () => {
    workspace.env = { PATH: '/nonexistent/sbin' };
    const path = workspace.file('area', 1 << 20);
    expect(run('--lock', path).stderr).toBe(
      `mkswap: ${path}: failed to get lock: the program flock of util-linux is not installed\n`,
    );
  });
});

describe('mkswap without fallocate', () => {
  it('writes every block itself', () => {
    workspace.env = { PATH: '/nonexistent/sbin' };
    const path = workspace.path('area');
    expect(run('-q', '-F', '-s', '3M', path)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(3 << 20);
  });
});

describe('the search for unreadable pages', () => {
  it('finds each page that cannot be read, and no other', () => {
    const broken = [0, 300, 301, 999];
    const reads: number[] = [];
    const file = {
      read: (offset: number, length: number): Uint8Array => {
        reads.push(length);
        const first = (offset - 512) / 4096;
        if (broken.some((page) => page >= first && page < first + length / 4096))
          throw Object.assign(new RangeError('EIO'), { syscall: 'read', code: 'EIO' });
        return new Uint8Array(length);
      },
    };
    const range = { pageSize: 4096, pageCount: 1000, offsetBytes: 512 };
    expect([...findUnreadablePages(file, range)]).toEqual(broken);
    expect(reads.length).toBeLessThan(1000);
  });
});

describe('a UUID of the time', () => {
  it('has version 1 and the clock in it', () => {
    // 1970 began 122192928000000000 steps of 100 ns after the Gregorian calendar: 01b21dd213814000.
    expect(formatUuid(timeUuid(0))).toMatch(
      /^13814000-1dd2-11b2-[89ab][0-9a-f]{3}-[0-9a-f][13579bdf]/,
    );
  });
});
