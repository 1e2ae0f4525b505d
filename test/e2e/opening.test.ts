import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wipeArea, type WipeResult } from '../../cli/util-linux/wipe-area.ts';
import { openSwapArea } from '../../src/area/index.ts';
import { type AreaFile, unfollowedPath } from '../../src/device/area-file.ts';
import { FileDevice } from '../../src/device/file-device.ts';
import { openStateDatabase } from '../../src/runs/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { ended, Workplace } from './swaplab.ts';
import { Workspace, type Ended } from './util-linux-support.ts';

const workspace = new Workspace();
const DONE: Ended = { status: 0, stdout: '', stderr: '' };
const PAGES = 64;

/** An area of 64 pages, all of them with something in it. */
function makeArea(name: string): string {
  const path = workspace.file(name, new Uint8Array(PAGES * PAGE_SIZE).fill(0xa5));
  expect(workspace.run('mkswap', '-q', '-f', path).status).toBe(0);
  return path;
}

const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('a symbolic link with --no-follow', () => {
  it('is refused by mkswap, swapon and swapoff, and nothing behind it changes', () => {
    const path = makeArea('a');
    const link = workspace.path('link');
    symlinkSync(path, link);
    const before = readFileSync(path);
    for (const argv of [['-f'], ['-F', '-s', '1M'], ['--ghost', '-s', '1M', '-f']])
      expect(workspace.run('mkswap', '--no-follow', ...argv, link)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(
          `mkswap: cannot open ${link}: Too many levels of symbolic links\n`,
        ) as string,
      });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(workspace.run('swapon', '--no-follow', link)).toEqual({
      ...{ status: 255, stdout: '' },
      stderr:
        `swapon: cannot open ${link}: Too many levels of symbolic links\n` +
        `swapon: ${link}: it is a symbolic link, which --no-follow refuses\n`,
    });
    expect(openSwapArea(link, { noFollow: true })).toMatchObject({ outcome: 'ELOOP', path: link });
    expect(workspace.run('swapon', '--no-follow', path)).toEqual(DONE);
    expect(workspace.run('swapoff', '--no-follow', '--wipe', link)).toEqual({
      ...{ status: 4, stdout: '' },
      stderr: `swapoff: ${link}: swapoff failed: Too many levels of symbolic links\n`,
    });
    expect(workspace.run('swapoff', link)).toEqual(DONE);
    expect(readlinkSync(link)).toBe(path);
  });

  it('may be a folder on the way, and may lead nowhere', () => {
    const path = makeArea('a');
    symlinkSync(dirname(path), workspace.path('folder'));
    const through = `${workspace.path('folder')}/a`;
    expect(unfollowedPath(through)).toBe(path);
    expect(openSwapArea(through, { noFollow: true })).toMatchObject({ outcome: 'ok', path });
    symlinkSync('/nonexistent/x', workspace.path('nowhere'));
    const nowhere = workspace.path('nowhere');
    expect(openSwapArea(nowhere, { noFollow: true })).toMatchObject({ outcome: 'ELOOP' });
    expect(workspace.run('mkswap', '-F', '-s', '1M', '--no-follow', nowhere).status).toBe(1);
  });

  it('ends a run with --area FILE,no-follow', () => {
    const place = new Workplace();
    const area = place.path('a');
    expect(place.swaplab('mkswap', '-F', '-s', '4M', area).code).toBe(0);
    symlinkSync(area, place.path('link'));
    const run = (file: string): ReturnType<Workplace['swaplab']> =>
      place.swaplab(
        'run',
        '-q',
        '--workload',
        'usemem',
        '--memory',
        '1M',
        '--area',
        `${file},no-follow`,
        '--',
        '2M',
      );
    const refused = run(place.path('link'));
    expect(refused.stderr).toContain(
      'ELOOP: it is a symbolic link, and links are not to be followed',
    );
    expect(refused.code).toBe(1);
    expect(run(area).code).toBe(0);
    // What was made on the way is nobody else's.
    expect(modeOf(area)).toBe(0o600);
    expect(modeOf(place.database)).toBe(0o600);
    expect(modeOf(dirname(place.database))).toBe(0o700);
    place.remove();
  });
});

describe('what is no area', () => {
  it('is refused at once: a pipe, a folder, a socket, devices of characters', () => {
    const pipe = workspace.path('pipe');
    if (spawnSync('mkfifo', [pipe]).status !== 0) return;
    const folder = workspace.path('folder');
    mkdirSync(folder);
    const start = performance.now();
    for (const path of [pipe, folder, '/dev/zero', '/dev/null']) {
      for (const name of ['mkswap', 'swaplabel', 'swapon'] as const)
        expect(workspace.run(name, path).status, `${name} ${path}`).not.toBe(0);
      expect(() => FileDevice.open(path)).toThrow(/neither a regular file|EISDIR/);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('is an input that has no end', () => {
    const place = new Workplace();
    const { code, stderr } = place.swaplab('run', '--trace', '/dev/zero', '--swap', '64M');
    expect(stderr).toBe(
      'swaplab: run: --trace: /dev/zero is too long; accepted: up to 268435456 bytes\n',
    );
    expect(code).toBe(2);
    place.remove();
  });

  it('is a file that has come to the path since it was looked at', () => {
    const path = makeArea('a');
    const opened = openSwapArea(path);
    if (opened.outcome !== 'ok') assert.fail(opened.reason);
    const { fileId: expectFileId } = opened;
    FileDevice.open(path, { expectFileId }).close();
    renameSync(makeArea('b'), path);
    expect(() => FileDevice.open(path, { expectFileId })).toThrow('another file has come there');
  });

  it('is a mapping or a memory that no process can have', () => {
    const place = new Workplace();
    const run = (...args: string[]): string =>
      place.swaplab('run', '-q', '--workload', 'usemem', '--swap', '64M', ...args).stderr;
    expect(run('--memory', '1P', '--', '4M')).toMatch(
      /^swaplab: run: machine.memory: \d+ pages are too many;.*\n$/,
    );
    expect(run('--memory', '4M', '--', '1P')).toMatch(
      /^swaplab: run: usemem: 1 × 1P is too much;.*\n$/,
    );
    place.remove();
  });
});

describe('swapoff --wipe', () => {
  it('overwrites all but the header, so that swapon takes the area again', () => {
    const path = makeArea('a');
    const header = readFileSync(path).subarray(0, PAGE_SIZE);
    expect(workspace.run('swapon', path)).toEqual(DONE);
    expect(workspace.run('swapoff', '--wipe', '-v', path)).toEqual({
      ...DONE,
      stdout: `swapoff ${path}\n${path}: 63 of 63 pages overwritten\n`,
    });
    const after = readFileSync(path);
    expect(after.subarray(0, PAGE_SIZE).equals(header)).toBe(true);
    expect(isBlank(after.subarray(PAGE_SIZE))).toBe(true);
    expect(after).toHaveLength(PAGES * PAGE_SIZE);
    expect(workspace.run('swapon', path)).toEqual(DONE);
    expect(workspace.run('swapoff', '-a', '--wipe')).toEqual(DONE);
  });

  it('leaves what stands behind the area, and without the option all of it', () => {
    const path = makeArea('a');
    const longer = Buffer.concat([readFileSync(path), Buffer.alloc(PAGE_SIZE, 0x77)]);
    writeFileSync(path, longer);
    workspace.run('swapon', path);
    expect(workspace.run('swapoff', path)).toEqual(DONE);
    expect(readFileSync(path).equals(longer)).toBe(true);
    workspace.run('swapon', path);
    expect(workspace.run('swapoff', '--wipe', path)).toEqual(DONE);
    const after = readFileSync(path);
    expect(isBlank(after.subarray(PAGE_SIZE, PAGES * PAGE_SIZE))).toBe(true);
    expect(after.subarray(PAGES * PAGE_SIZE)).toEqual(Buffer.alloc(PAGE_SIZE, 0x77));
  });

  it('is refused while a run is at work on the area, and touches nothing', () => {
    const path = makeArea('a');
    workspace.run('swapon', path);
    const before = readFileSync(path);
    const database = openStateDatabase(workspace.databasePath, {
      owner: { pid: process.ppid, startTicks: null },
    });
    const { fileId } = database.activeAreas.list()[0]!;
    expect(database.activeAreas.acquire([fileId])).toBe('ok');
    const refused = workspace.run('swapoff', '--wipe', path);
    expect(refused.stderr).toContain('swapoff failed: Device or resource busy');
    expect(refused.status).toBe(4);
    expect(readFileSync(path).equals(before)).toBe(true);
    database.activeAreas.release([fileId]);
    database.close();
    expect(workspace.run('swapoff', '--wipe', path)).toEqual(DONE);
  });

  it('wipes no other file that has come to the path, and says so', () => {
    const path = makeArea('a');
    workspace.run('swapon', path);
    // Made before the first one is gone: inodes are given again.
    renameSync(makeArea('b'), path);
    const before = readFileSync(path);
    const ended = workspace.run('swapoff', '--wipe', path);
    expect(ended.stderr).toContain('not wiped: another file is there now; it stays active');
    expect(ended.status).toBe(4);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(workspace.run('swapoff', path)).toEqual(DONE);
  });

  it('has nothing to overwrite in a ghost', () => {
    const path = workspace.path('ghost');
    expect(workspace.run('mkswap', '-q', '--ghost', '-s', '1G', path).status).toBe(0);
    chmodSync(path, 0o600);
    const before = readFileSync(path);
    workspace.run('swapon', path);
    expect(workspace.run('swapoff', '--wipe', path)).toEqual({
      ...DONE,
      stdout: `${path}: a ghost area holds nothing that could be wiped\n`,
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('says after a signal what it has done, and the area stays active', async () => {
    const place = new Workplace();
    const area = place.path('a');
    expect(place.swaplab('mkswap', '-q', '-F', '-s', '1G', area).code).toBe(0);
    expect(place.swaplab('swapon', area).code).toBe(0);
    const child = place.start('swapoff', '-v', '--wipe', area);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect(await ended(child)).toBe(4);
    expect(said).toMatch(/interrupted: \d+ of 262143 pages overwritten; it stays active/);
    expect(place.swaplab('swapon', '--show').stdout).toContain(area);
    place.remove();
  });
});

describe('a wipe of pages', () => {
  /** Runs a wipe on a device of which some pages take no writes. */
  function wipe(
    maxPages: number,
    broken: readonly number[],
    badPages: number[] = [],
  ): {
    result: WipeResult;
    written: Set<number>;
    turns: number;
  } {
    const written = new Set<number>();
    const file: Pick<AreaFile, 'write' | 'sync'> = {
      sync: () => undefined,
      write(offsetBytes, bytes) {
        const first = offsetBytes / PAGE_SIZE;
        const pages = Array.from({ length: bytes.length / PAGE_SIZE }, (_, at) => first + at);
        if (pages.some((page) => broken.includes(page)))
          throw Object.assign(new Error('EIO: i/o error, write'), {
            code: 'EIO',
            syscall: 'write',
          });
        for (const page of pages) written.add(page);
      },
    };
    const steps = wipeArea(
      file,
      { maxPages },
      { badPages: Uint32Array.from(badPages) },
      () => undefined,
    );
    for (let turns = 0; ; turns++) {
      const step = steps.next(false);
      if (step.done === true) return { result: step.value, written, turns };
    }
  }

  it('goes around what cannot be written, and tells how much and where first', () => {
    const { result, written } = wipe(1000, [300, 301, 700]);
    expect(result).toMatchObject({
      pageCount: 999,
      wipedCount: 996,
      failedCount: 3,
      firstFailure: { page: 300 },
    });
    expect(written.size).toBe(996);
    expect(written.has(0)).toBe(false);
  });

  it('leaves bad pages alone', () => {
    const { result, written } = wipe(1000, [5, 400], [5, 256, 257, 400, 999]);
    expect(result).toMatchObject({
      pageCount: 994,
      wipedCount: 994,
      failedCount: 0,
      firstFailure: null,
    });
    expect([5, 256, 257, 400, 999].some((page) => written.has(page))).toBe(false);
  });

  it('gives up on a disk that takes nothing', () => {
    const all = Array.from({ length: 5000 }, (_, page) => page);
    expect(wipe(5000, all).result).toMatchObject({
      wipedCount: 0,
      failedCount: 1024,
      firstFailure: { page: 1 },
    });
  });
});
