import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  encodeHeader,
  openSwapArea,
  volumeBytes,
  type ActiveArea,
  type NewHeader,
} from '../../src/area/index.ts';
import { AreaFile } from '../../src/device/area-file.ts';
import { parseExtents, SystemPrograms } from '../../src/device/system-programs.ts';
import { MAX_SWAPFILES } from '../../src/units/index.ts';

let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'swaplab-open-')));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function header(fields: Partial<NewHeader> = {}): Uint8Array {
  const { volume } = volumeBytes('lab');
  return encodeHeader({
    ...{ pageSize: 4096, byteOrder: 'little', lastPage: 15, badPages: new Uint32Array() },
    ...{ uuid: new Uint8Array(16).fill(1), volume, ...fields },
  });
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** An area of 16 pages in a file that has all its blocks. */
function area(name: string): string {
  return write(name, Buffer.concat([header(), new Uint8Array(15 * 4096).fill(1)]));
}

function activeArea(fileId: string): ActiveArea {
  return {
    ...{ type: 0, path: '/elsewhere', fileId, kind: 'file', maxPages: 16, pages: 15 },
    ...{ usedPages: 0, priority: -2, uuid: null, label: null, ownerPid: null },
  };
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

describe('openSwapArea', () => {
  it('tells all that an activation needs, by the resolved path', () => {
    const path = area('a');
    symlinkSync(path, join(folder, 'link'));
    const { dev, ino } = statSync(path, { bigint: true });
    expect(openSwapArea(join(folder, 'link'))).toEqual({
      ...{ outcome: 'ok', kind: 'file', maxPages: 16, pages: 15, badPages: new Uint32Array() },
      ...{ uuid: '01010101-0101-0101-0101-010101010101', label: 'lab', byteOrder: 'little' },
      ...{ log: [], path, fileId: `${dev}:${ino}`, sizeBytes: 65_536 },
    });
  });

  it('keeps no descriptor, whatever the outcome', () => {
    const good = area('a');
    const bad = write('bad', new Uint8Array(65_536));
    const before = openDescriptors();
    for (let i = 0; i < 5; i++) {
      openSwapArea(good);
      openSwapArea(bad);
      openSwapArea(folder);
      openSwapArea(join(folder, 'none'));
    }
    expect(openDescriptors()).toBe(before);
  });

  it('answers with the errno of open(2), and makes nothing', () => {
    const none = join(folder, 'none');
    expect(openSwapArea(none)).toMatchObject({ outcome: 'ENOENT', path: none });
    expect(openSwapArea(folder)).toMatchObject({ outcome: 'EISDIR' });
    expect(openSwapArea(join(area('a'), 'x'))).toMatchObject({ outcome: 'ENOTDIR' });
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('refuses devices of characters, and pipes without waiting for their other end', () => {
    expect(openSwapArea('/dev/null')).toMatchObject({ outcome: 'EINVAL' });
    const pipe = join(folder, 'pipe');
    if (spawnSync('mkfifo', [pipe]).status !== 0) return;
    expect(openSwapArea(pipe)).toMatchObject({
      outcome: 'EINVAL',
      reason: 'it is neither a regular file nor a block device',
    });
  });

  it('sees a file that is active under any name, before it looks at the header', () => {
    const path = write('bad', new Uint8Array(65_536));
    const { dev, ino } = statSync(path, { bigint: true });
    const active = [activeArea(`${dev}:${ino}`)];
    expect(openSwapArea(path, { active })).toMatchObject({ outcome: 'EBUSY' });
    expect(openSwapArea(path)).toMatchObject({ outcome: 'EINVAL' });
  });

  it('has no type left before it looks for the file', () => {
    const active = Array.from({ length: MAX_SWAPFILES }, (_, type) => activeArea(`1:${type}`));
    expect(openSwapArea(join(folder, 'none'), { active })).toMatchObject({ outcome: 'EPERM' });
  });

  it('refuses a file with holes, and takes a ghost', () => {
    const path = write('holes', header({ lastPage: 15 }));
    truncateSync(path, 65_536);
    expect(openSwapArea(path)).toMatchObject({
      ...{ outcome: 'EINVAL', log: ['swapon: swapfile has holes'] },
    });
    const ghost = write('ghost', header({ lastPage: 1_000_000 }));
    expect(openSwapArea(ghost)).toMatchObject({ outcome: 'ok', kind: 'ghost', pages: 1_000_000 });
  });

  it('does without the programs of the system', () => {
    const programs = new SystemPrograms('/nonexistent');
    expect(openSwapArea(area('a'), { programs })).toMatchObject({ outcome: 'ok' });
    const holes = write('holes', header());
    truncateSync(holes, 65_536);
    expect(openSwapArea(holes, { programs })).toMatchObject({ outcome: 'EINVAL' });
  });
});

describe('a file under an area', () => {
  it('is made with mode 0600, and is taken away again when it is abandoned', () => {
    const path = join(folder, 'new');
    const made = AreaFile.open(path, { access: 'create' });
    expect(made.isCreated).toBe(true);
    expect(made.stat().mode).toBe(0o600);
    made.abandon();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is kept when it was there before', () => {
    const path = write('old', Uint8Array.of(1, 2, 3));
    chmodSync(path, 0o640);
    const file = AreaFile.open(path, { access: 'create' });
    expect(file.isCreated).toBe(false);
    expect([...file.read(1, 100)]).toEqual([2, 3]);
    file.abandon();
    expect(statSync(path).mode & 0o7777).toBe(0o640);
  });

  it('is told apart from folders and devices', () => {
    mkdirSync(join(folder, 'sub'));
    const types = [write('a', new Uint8Array(1)), join(folder, 'sub'), '/dev/null'].map((path) => {
      const file = AreaFile.open(path, { access: 'read' });
      const { type } = file.stat();
      file.close();
      return type;
    });
    expect(types).toEqual(['regular', 'other', 'other']);
  });

  it('that was in the way of fallocate keeps its bytes', () => {
    const path = write('old', new Uint8Array(5000).fill(7));
    const file = AreaFile.open(path, { programs: new SystemPrograms('/nonexistent') });
    expect(file.allocate(3 << 20)).toBe(null);
    expect(file.read(0, 5000).every((byte) => byte === 7)).toBe(true);
    expect(file.stat()).toMatchObject({ sizeBytes: 3 << 20 });
    expect(file.hasHoles()).toBe(false);
    file.close();
  });
});

describe('the extents of a file', () => {
  // Printed by filefrag 1.47.0 -s -v -b1; the flags in the last three tables were put in by hand.
  const table = (...rows: string[]): string =>
    [
      'Filesystem type is: ef53',
      'File size of h is 1048576 (1048576 blocks of 1 bytes)',
      ' ext:     logical_offset:        physical_offset: length:   expected: flags:',
      ...rows,
      `h: ${rows.length} extents found`,
    ].join('\n');

  it('show a hole behind, in front and between', () => {
    expect(
      parseExtents(
        table('   0:        0..    4095: 23765975040..23765979135:   4096:             last'),
        1 << 20,
      ),
    ).toEqual([{ kind: 'hole', offsetBytes: 4096 }]);
    const rows = [
      '   0:     8192..   12287: 23765975040..23765979135:   4096:             ',
      '   1:    65536.. 1048575: 35172757504..35173740543: 983040: 23765979136: last,eof',
    ];
    expect(parseExtents(table(...rows), 1 << 20)).toEqual([
      { kind: 'hole', offsetBytes: 0 },
      { kind: 'hole', offsetBytes: 12_288 },
    ]);
    expect(parseExtents(table(), 4096)).toEqual([{ kind: 'hole', offsetBytes: 0 }]);
  });

  it('that are whole are nothing to tell, preallocated or not', () => {
    const row = '   0:        0.. 1048575: 23765975040..23767023615: 1048576:             ';
    expect(parseExtents(table(`${row}last,unwritten,eof`), 1 << 20)).toEqual([]);
    expect(parseExtents(table(`${row}last,eof`), 1_000_000)).toEqual([]);
  });

  it.each([
    ['inline', 'inline'],
    ['shared', 'shared'],
    ['delalloc', 'unallocated'],
  ])('that are %s are told', (flag, kind) => {
    const row = '   0:        0.. 1048575: 23765975040..23767023615: 1048576:             ';
    expect(parseExtents(table(`${row}last,${flag},eof`), 1 << 20)).toEqual([
      { kind, offsetBytes: 0 },
    ]);
  });
});
