import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GOLDEN_UUID, Workspace, type Ended } from './util-linux-support.ts';

const workspace = new Workspace();
const swaplabel = (...argv: string[]): Ended => workspace.run('swaplabel', ...argv);
const TRY_HELP = "Try 'swaplabel --help' for more information.\n";
const OTHER_UUID = '12345678-abcd-abcd-abcd-1234567890ab';

function area(...options: string[]): string {
  const path = workspace.file('area', 40_960);
  workspace.run('mkswap', '-q', ...options, path);
  return path;
}

describe("util-linux's own test of swaplabel", () => {
  it('mkswap wants ten pages and cuts the label off; swaplabel shows both names', () => {
    const names = ['--label', '1234567890abcdef', '--uuid', OTHER_UUID];
    const short = workspace.file('short', 40_959);
    expect(workspace.run('mkswap', ...names, short)).toMatchObject({
      status: 1,
      stderr: 'mkswap: error: swap area needs to be at least 40 KiB\n',
    });
    const path = workspace.file('area', 40_960);
    expect(workspace.run('mkswap', ...names, path)).toEqual({
      status: 0,
      stdout:
        'Setting up swapspace version 1, size = 36 KiB (36864 bytes)\n' +
        `LABEL=1234567890abcde, UUID=${OTHER_UUID}\n`,
      stderr: 'mkswap: Label was truncated.\n',
    });
    expect(swaplabel(path)).toEqual({
      status: 0,
      stdout: `LABEL: 1234567890abcde\nUUID:  ${OTHER_UUID}\n`,
      stderr: '',
    });
  });
});

describe('swaplabel', () => {
  it('leaves out the names that an area does not have', () => {
    expect(swaplabel(area('-U', GOLDEN_UUID)).stdout).toBe(`UUID:  ${GOLDEN_UUID}\n`);
    expect(swaplabel(area('-U', 'clear', '-L', 'x')).stdout).toBe('LABEL: x\n');
  });

  it.each([
    ['4096', 'little'],
    ['8192', 'big'],
    ['32768', 'little'],
    ['65536', 'big'],
  ])('reads areas of pages of %s bytes, %s endian', (pageSize, order) => {
    const path = workspace.file('area', 10 * 65_536);
    workspace.run('mkswap', '-q', '-p', pageSize, '-e', order, '-L', 'x', '-U', 'clear', path);
    expect(swaplabel(path).stdout).toBe('LABEL: x\n');
  });

  it('changes names and nothing else', () => {
    const path = area('-L', 'old name', '-U', GOLDEN_UUID);
    const before = readFileSync(path);
    const changed = swaplabel('-L', 'new', '-U', OTHER_UUID, path);
    expect(changed).toEqual({ status: 0, stdout: '', stderr: '' });
    const after = readFileSync(path);
    expect(swaplabel(path).stdout).toBe(`LABEL: new\nUUID:  ${OTHER_UUID}\n`);
    before.fill(0, 1036, 1068);
    after.fill(0, 1036, 1068);
    expect(after.equals(before)).toBe(true);
  });

  it('cuts a long label off and says so, with status 0', () => {
    const path = area('-U', 'clear');
    expect(swaplabel('-L', 'thisisaverylonglabel', path)).toEqual({
      status: 0,
      stdout: '',
      stderr: "swaplabel: label is too long. Truncating it to 'thisisaverylong'\n",
    });
    expect(swaplabel(path).stdout).toBe('LABEL: thisisaverylong\n');
  });

  it('only warns about a UUID that is none', () => {
    expect(swaplabel('-U', 'xyz', area())).toEqual({
      status: 0,
      stdout: '',
      stderr: 'swaplabel: failed to parse UUID: xyz\n',
    });
  });

  it('labels a ghost', () => {
    const path = workspace.path('ghost');
    workspace.run('mkswap', '-q', '--ghost', '-s', '1G', '-U', GOLDEN_UUID, path);
    expect(swaplabel('-L', 'g', path).status).toBe(0);
    expect(swaplabel(path).stdout).toBe(`LABEL: g\nUUID:  ${GOLDEN_UUID}\n`);
    expect(readFileSync(path)).toHaveLength(4096);
  });

  it('refuses what is no area', () => {
    const none = workspace.path('none');
    const cases: readonly [string[], string][] = [
      [[], `swaplabel: no device specified\n${TRY_HELP}`],
      [[none], `swaplabel: ${none}: unable to probe device: No such file or directory\n`],
      [['/dev/null'], 'swaplabel: /dev/null: unable to probe device: Invalid argument\n'],
      [['--bogus'], `swaplabel: unrecognized option '--bogus'\n${TRY_HELP}`],
    ];
    const noise = workspace.file('noise', new Uint8Array(5000).fill(0xa5));
    for (const [argv, stderr] of cases)
      expect(swaplabel(...argv)).toEqual({ status: 1, stdout: '', stderr });
    for (const argv of [[noise], ['-L', 'x', noise]])
      expect(swaplabel(...argv)).toEqual({
        status: 1,
        stdout: '',
        stderr: `swaplabel: ${noise}: not a valid swap partition\n`,
      });
    expect(readFileSync(noise).every((byte) => byte === 0xa5)).toBe(true);
  });

  it('refuses a header of another version, or without a last page', () => {
    for (const [offset, value] of [
      [1024, 9],
      [1028, 0],
    ] as const) {
      const path = area();
      const bytes = readFileSync(path);
      bytes.fill(0, offset, offset + 4);
      bytes[offset] = value;
      writeFileSync(path, bytes);
      expect(swaplabel(path).stderr).toBe(`swaplabel: ${path}: not a valid swap partition\n`);
    }
  });

  it('does not write to an active file, which the kernel would not let it', () => {
    const path = area('-L', 'old', '-U', 'clear');
    workspace.run('swapon', path);
    expect(swaplabel('-L', 'new', path)).toEqual({
      status: 1,
      stdout: '',
      stderr: `swaplabel: ${path}: failed to write label: Text file busy\n`,
    });
    expect(swaplabel(path).stdout).toBe('LABEL: old\n');
  });

  it('shows help and version', () => {
    expect(swaplabel('-h').stdout).toContain('\nUsage:\n swaplabel [options] <device>\n');
    expect(swaplabel('-V').stdout).toMatch(/^swaplabel from swaplab \d/);
  });
});
