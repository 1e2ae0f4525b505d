/**
 * The system's own programs beside ours. A test whose program is not installed is skipped.
 * Written against util-linux 2.38.1, file 5.44.
 */
import { chmodSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  GOLDEN_UUID,
  isInstalled,
  isRoot,
  runProgram,
  Workspace,
  type Ended,
} from './util-linux-support.ts';

const workspace = new Workspace();
const OTHER_UUID = '12345678-abcd-abcd-abcd-1234567890ab';

/** Makes an area with our mkswap in a file of `pages` pages. */
function area(name: string, pages: number, ...options: string[]): string {
  const path = workspace.file(name, pages * 4096);
  expect(workspace.run('mkswap', '-q', ...options, path).status).toBe(0);
  return path;
}

describe.skipIf(!isInstalled('blkid'))('blkid', () => {
  it.each([[[]], [['-e', 'big']], [['-p', '8192']], [['-p', '65536']]])(
    'knows our areas: mkswap %j',
    (options) => {
      const path = area('area', 256, '-L', 'lab', '-U', GOLDEN_UUID, ...options);
      const { stdout } = runProgram('blkid', '-p', '-o', 'export', path);
      expect(stdout).toContain(`LABEL=lab\nUUID=${GOLDEN_UUID}\nVERSION=1\nTYPE=swap\n`);
    },
  );

  it('finds an area behind an offset', () => {
    const path = workspace.file('area', (1 << 20) + 10_000);
    workspace.run('mkswap', '-q', '-o', '10000', '-U', GOLDEN_UUID, path);
    const { stdout } = runProgram('blkid', '-p', '-O', '10000', '-s', 'UUID', '-o', 'value', path);
    expect(stdout).toBe(`${GOLDEN_UUID}\n`);
  });
});

describe.skipIf(!isInstalled('file'))('file', () => {
  it('describes our areas', () => {
    const path = area('area', 256, '-U', GOLDEN_UUID);
    expect(runProgram('file', '-b', path).stdout).toBe(
      'Linux swap file, 4k page size, little endian, version 1, size 255 pages, 0 bad pages, ' +
        `no label, UUID=${GOLDEN_UUID}\n`,
    );
    const big = area('big', 256, '-e', 'big', '-L', 'lab');
    expect(runProgram('file', '-b', big).stdout).toContain('big endian, version 1, size 255 pages');
  });

  it('describes a ghost by its declared size', () => {
    const path = workspace.path('ghost');
    workspace.run('mkswap', '-q', '--ghost', '-s', '1T', path);
    expect(runProgram('file', '-b', path).stdout).toContain('version 1, size 268435455 pages');
  });
});

describe.skipIf(!isInstalled('swaplabel'))("the system's swaplabel beside ours", () => {
  const both = (...argv: string[]): [Ended, Ended] => [
    runProgram('swaplabel', ...argv),
    workspace.run('swaplabel', ...argv),
  ];

  it('says the same of areas and of what is none', () => {
    const named = area('named', 256, '-L', 'lab', '-U', GOLDEN_UUID);
    const nameless = area('nameless', 256, '-U', 'clear');
    const foreign = area('foreign', 256, '-e', 'big', '-p', '8192', '-L', 'x');
    const noise = workspace.file('noise', new Uint8Array(100_000).fill(0xa5));
    const empty = workspace.file('empty', 0);
    for (const path of [
      named,
      nameless,
      foreign,
      noise,
      empty,
      '/',
      '/dev/null',
      '/no/such/file',
    ]) {
      const [real, ours] = both(path);
      expect(ours, path).toEqual(real);
    }
    for (const argv of [
      [],
      ['-Z'],
      ['--la'],
      ['-L'],
      ['--bogus=1'],
      ['-U', 'x', '/no/such/file'],
    ]) {
      const [real, ours] = both(...argv);
      expect(ours, argv.join(' ')).toEqual(real);
    }
  });

  it('changes the same bytes with the same words', () => {
    const [a, b] = [area('a', 256, '-U', GOLDEN_UUID), workspace.path('b')];
    for (const argv of [
      ['-L', 'new'],
      ['-L', 'a label that is too long'],
      ['-U', OTHER_UUID],
      ['-U', 'xyz', '-L', 'half'],
      ['-L', 'both', '-U', GOLDEN_UUID],
      ['-L', ''],
    ]) {
      copyFileSync(a, b);
      const real = runProgram('swaplabel', ...argv, a);
      const ours = workspace.run('swaplabel', ...argv, b);
      expect(ours, argv.join(' ')).toEqual(real);
      expect(readFileSync(b).equals(readFileSync(a)), argv.join(' ')).toBe(true);
    }
  });
});

describe.skipIf(!isInstalled('mkswap'))("the system's mkswap beside ours", () => {
  /** Runs both on the same file, made anew by `prepare`; returns what each said and left. */
  function both(prepare: (path: string) => void, ...argv: string[]): void {
    const path = workspace.path('area');
    const results = [
      () => runProgram('mkswap', ...argv, path),
      () => workspace.run('mkswap', ...argv, path),
    ].map((run) => {
      writeFileSync(path, '');
      chmodSync(path, 0o600);
      prepare(path);
      return { ...run(), bytes: Buffer.from(readFileSync(path)).toString('base64') };
    });
    expect(results[1], argv.join(' ')).toEqual(results[0]);
  }

  const plain = (path: string): void => {
    writeFileSync(path, new Uint8Array(1 << 20));
  };
  const uuid = ['-U', GOLDEN_UUID];

  it('writes the same bytes and says the same words', () => {
    both(plain, ...uuid);
    both(plain, ...uuid, '-L', 'lab');
    both(plain, '-U', 'clear', '-L', 'a label that is too long');
    both(plain, ...uuid, '-p', '8192');
    both(plain, ...uuid, '-p', '2048', '--verbose');
    both(plain, ...uuid, '-p', '65536', '-q');
    both(plain, ...uuid, '-c');
    both(plain, ...uuid, '--lock', '-f');
    both(
      (path) => {
        writeFileSync(path, new Uint8Array(5_000_000));
      },
      ...uuid,
    );
    both(
      (path) => {
        writeFileSync(path, new Uint8Array(40_960).fill(0x77));
      },
      ...uuid,
    );
  });

  it('warns of the same things', () => {
    both(
      (path) => {
        plain(path);
        chmodSync(path, 0o644);
      },
      ...uuid,
    );
    both(
      (path) => {
        plain(path);
        workspace.run('mkswap', '-q', path);
      },
      ...uuid,
    );
    both(
      (path) => {
        plain(path);
        workspace.run('mkswap', '-q', '-p', '8192', path);
      },
      ...uuid,
    );
  });

  it.skipIf(!isInstalled('filefrag'))('finds the same holes', () => {
    const holes = (path: string): void => {
      writeFileSync(path, new Uint8Array(8192).fill(1));
      truncateSync(path, 1 << 20);
    };
    both(holes, ...uuid);
    both(holes, ...uuid, '--verbose');
    both(holes, ...uuid, '-q');
  });

  it('refuses the same things', () => {
    for (const argv of [
      ['-p', '3000'],
      ['-p', 'x'],
      ['-p', '99999999999'],
      ['-U', 'x'],
      ['-v', '0'],
      ['-v', 'x'],
      ['--lock=foo'],
      ['--ver'],
      ['--quiet=1'],
      ['-L'],
      ['--label'],
      ['-Z'],
    ])
      both(plain, ...uuid, ...argv);
    both(
      (path) => {
        writeFileSync(path, new Uint8Array(40_959));
      },
      ...uuid,
    );
  });

  it('takes the size behind the file in the same way', () => {
    for (const size of ['512', '2048', 'x', '1']) {
      const results = [runProgram, workspace.run.bind(workspace) as typeof runProgram].map(
        (run) => {
          const path = workspace.file('sized', 1 << 20);
          return {
            ...run('mkswap', ...uuid, path, size),
            bytes: readFileSync(path).toString('hex'),
          };
        },
      );
      expect(results[1], size).toEqual(results[0]);
    }
  });
});

describe.skipIf(!isInstalled('swapon'))("the system's swapon and swapoff beside ours", () => {
  it('refuse the same command lines', () => {
    const lines: (readonly ['swapon' | 'swapoff', ...string[]])[] = [
      ['swapon', '-p', 'x', 'd'],
      ['swapon', '-p', '40000', 'd'],
      ['swapon', '--show=FOO'],
      ['swapon', '-e', 'd'],
      ['swapon', '--discard=foo', 'd'],
      ['swapon', '-o'],
      ['swapon', '/no/such/file'],
      ['swapon', 'LABEL=no such label'],
      ['swapoff'],
      ['swapoff', '-Z'],
      ['swapoff', '-L', 'no such label'],
    ];
    // Without root the real one stops at the call: "Not superuser."
    if (isRoot) lines.push(['swapoff', '-v', '/no/such/file']);
    for (const [name, ...argv] of lines)
      expect(workspace.run(name, ...argv), argv.join(' ')).toEqual(runProgram(name, ...argv));
  });
});

/** True where loop devices can be made. */
function hasLoopDevices(): boolean {
  return isRoot && isInstalled('losetup') && runProgram('losetup', '-f').status === 0;
}

describe.skipIf(!hasLoopDevices())('an area on a block device', () => {
  const devices: string[] = [];
  afterEach(() => {
    for (const device of devices.splice(0)) runProgram('losetup', '-d', device);
  });

  function device(bytes: number): string {
    const path = workspace.file(`disk${devices.length}`, bytes);
    const { stdout } = runProgram('losetup', '-f', '--show', path);
    devices.push(stdout.trim());
    return stdout.trim();
  }

  it('is checked for bad pages, made, labelled, used and given back', () => {
    const disk = device(1 << 20);
    const checked = workspace.run('mkswap', '-c', '-U', GOLDEN_UUID, disk);
    expect(checked).toMatchObject({
      status: 0,
      stdout:
        '0 bad pages\nSetting up swapspace version 1, size = 1020 KiB (1044480 bytes)\n' +
        `no label, UUID=${GOLDEN_UUID}\n`,
    });
    expect(workspace.run('swapon', disk).status).toBe(0);
    expect(workspace.run('swapon', '--show=type,size', '--noheadings', '--raw').stdout).toBe(
      'partition 1020K\n',
    );
    // A label can be changed while the device is in use, as with util-linux.
    expect(workspace.run('swaplabel', '-L', 'disk', disk).status).toBe(0);
    expect(workspace.run('mkswap', disk).stderr).toBe(
      `mkswap: error: ${disk} is mounted; will not make swapspace\n`,
    );
    expect(workspace.run('swapoff', disk).status).toBe(0);
    expect(runProgram('blkid', '-p', '-s', 'LABEL', '-o', 'value', disk).stdout).toBe('disk\n');
  });

  it('is found by its label and UUID', () => {
    const disk = device(1 << 20);
    workspace.run('mkswap', '-q', '-L', 'swaplab-e2e', '-U', OTHER_UUID, disk);
    expect(workspace.run('swapon', '-L', 'swaplab-e2e').status).toBe(0);
    expect(workspace.run('swapoff', `UUID=${OTHER_UUID}`).status).toBe(0);
  });

  it('may have bad pages in its header', () => {
    const disk = device(1 << 20);
    workspace.run('mkswap', '-q', disk);
    const header = readFileSync(disk).subarray(0, 4096);
    header.writeUInt32LE(2, 1032);
    header.writeUInt32LE(5, 1536);
    header.writeUInt32LE(9, 1540);
    writeFileSync(disk, header, { flag: 'r+' });
    expect(workspace.run('swapon', disk).status).toBe(0);
    expect(workspace.run('swapon', '--show=size', '--noheadings', '--bytes').stdout).toBe(
      `${(255 - 2) * 4096}\n`,
    );
  });
});
