/** Files that the user named, as bytes. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RunError, UsageError } from '../src/units/index.ts';

/** Bytes of the longest text: a string may have 512 Mi letters. assumed */
export const TEXT_BYTES_MAX: number = 2 ** 28;
const PART_BYTES = 1 << 20;

/**
 * Reads a file that the user named; a missing one is the user's mistake.
 * @param bytesMax - of a file; of what else there is (pipes, devices) TEXT_BYTES_MAX, for `/dev/zero`
 *   has no end
 */
export function readInput(path: string, option: string, bytesMax: number = TEXT_BYTES_MAX): Buffer {
  try {
    return readAll(path, bytesMax);
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${option}: ${error.message}`);
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EIO') throw new RunError(`${option}: ${path}: ${code}`);
    throw new UsageError(`${option}: ${path} cannot be read: ${code}`);
  }
}

function readAll(path: string, bytesMax: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return readParts(fd, path, Math.min(bytesMax, TEXT_BYTES_MAX));
    requireLength(path, stat.size, bytesMax);
    // What grows meanwhile, or has no size (/proc), goes on in parts.
    const whole = Buffer.allocUnsafeSlow(stat.size);
    let lengthBytes = 0;
    while (lengthBytes < whole.length) {
      const movedBytes = readSync(fd, whole, lengthBytes, whole.length - lengthBytes, null);
      if (movedBytes === 0) return whole.subarray(0, lengthBytes);
      lengthBytes += movedBytes;
    }
    const rest = readParts(fd, path, bytesMax - lengthBytes);
    return rest.length === 0 ? whole : Buffer.concat([whole, rest]);
  } finally {
    closeSync(fd);
  }
}

/** What is left of a file. */
function readParts(fd: number, path: string, bytesMax: number): Buffer {
  const parts: Buffer[] = [];
  let lengthBytes = 0;
  for (;;) {
    const part = Buffer.allocUnsafe(PART_BYTES);
    const movedBytes = readSync(fd, part, 0, part.length, null);
    if (movedBytes === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, movedBytes));
    lengthBytes += movedBytes;
    requireLength(path, lengthBytes, bytesMax);
  }
}

/** @throws UsageError for what is longer than is accepted */
export function requireLength(path: string, lengthBytes: number, bytesMax: number): void {
  if (lengthBytes > bytesMax)
    throw new UsageError(`${path} is too long; accepted: up to ${bytesMax} bytes`);
}
