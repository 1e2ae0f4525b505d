import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readInput } from '../../cli/read-input.ts';
import { beginFile } from '../../cli/write-output.ts';

const folder = mkdtempSync(join(tmpdir(), 'swaplab-files-'));
const path = join(folder, 'file');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('a file that is read', () => {
  it('may be as long as who asks accepts, and not a byte longer', () => {
    writeFileSync(path, 'twelve bytes');
    expect(readInput(path, '--x', 12).toString()).toBe('twelve bytes');
    expect(() => readInput(path, '--x', 11)).toThrow(
      `--x: ${path} is too long; accepted: up to 11 bytes`,
    );
  });

  it('is read whole where its size is not told, and is refused where it has no end', () => {
    expect(readInput('/proc/self/status', '--x').toString()).toMatch(/^Name:[^]*\n$/);
    expect(() => readInput('/dev/zero', '--x', 1 << 20)).toThrow('--x: /dev/zero is too long');
  });
});

describe('a file that grows', () => {
  it('begins beside what a killed process of the same id left', () => {
    const left = `${path}.${process.pid}.part`;
    writeFileSync(left, '');
    const file = beginFile(path, '--output');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part')).length).toBe(2);
    file.write(Buffer.from('new'), 0);
    file.keep();
    file.discard();
    expect(readFileSync(path, 'utf8')).toBe('new');
    rmSync(left);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
