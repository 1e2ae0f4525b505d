/** Files that the user named, as bytes. */
import { closeSync, openSync, readSync } from 'node:fs';
import { RunError, UsageError } from '../src/units/index.ts';

/** Reads a file that the user named; a missing one is the user's mistake. */
export function readInput(path: string, option: string): Buffer {
  try {
    return readAll(path);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${option}: ${error.message}`);
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EIO') throw new RunError(`${option}: ${path}: ${code}`);
    throw new UsageError(`${option}: ${path} cannot be read: ${code}`);
  }
}

/** Bytes of the longest input: a string may have 512 Mi letters. assumed */
const INPUT_BYTES_MAX = 2 ** 28;

/** All of a file; of one that has no end (`/dev/zero`) no more than is accepted. */
function readAll(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    let lengthBytes = 0;
    for (;;) {
      const part = Buffer.allocUnsafe(INPUT_PART_BYTES);
      const movedBytes = readSync(fd, part, 0, part.length, null);
      if (movedBytes === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, movedBytes));
      lengthBytes += movedBytes;
      if (lengthBytes > INPUT_BYTES_MAX)
        throw new UsageError(`${path} is too long; accepted: up to ${INPUT_BYTES_MAX} bytes`);
    }
  } finally {
    closeSync(fd);
  }
}

const INPUT_PART_BYTES = 1 << 20;
