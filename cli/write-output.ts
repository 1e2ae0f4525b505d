/** Where commands write what `-o FILE` asks for: one rule for all of them. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RunError, UsageError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';
import { notice } from './telling.ts';

/**
 * Writes a text to a file or, as `-`, to standard output.
 * @param option - as messages name it: `report: --output`
 * @throws UsageError for what no file can be written to, RunError for a disk that takes no more
 */
export function writeOutput(path: string, text: string, option: string, io: CommandIo): void {
  if (path === '-') {
    io.stdout(text);
    return;
  }
  requireFile(path, option);
  try {
    replaceFile(path, text);
  } catch (error) {
    throw writeError(error, path, option);
  }
  notice(io, `${option.replace(/: .*/, '')}: wrote ${path}\n`);
}

function writeError(error: unknown, path: string, option: string): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const message = `${option}: ${path} cannot be written: ${code}`;
  return code === 'ENOSPC' || code === 'EIO' ? new RunError(message) : new UsageError(message);
}

/** What was in the file stays whole until all of the new text is on the disk. */
export function replaceFile(path: string, text: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  // A pipe or a device takes what comes.
  if (there !== undefined && !there.isFile()) {
    writeFileSync(path, text);
    return;
  }
  const target = there === undefined ? path : realpathSync(path);
  const beside = besideOf(target);
  try {
    writeFileSync(beside, text, { mode: there?.mode ?? 0o666, flag: 'wx' });
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** A name that nobody has: process ids are the same in every container, and some are killed. */
function besideOf(target: string): string {
  return `${target}.${randomBytes(6).toString('hex')}.part`;
}

/** A file that is written in parts, anywhere; it has its name once it is `kept`. */
export interface GrowingFile {
  /** Writes bytes at a place. @throws as `writeOutput` */
  write(bytes: Uint8Array, at: number): void;
  /** The file is complete; what had its name is gone. */
  keep(): void;
  /** Removes what was written, unless it was kept; what had the file's name stays. */
  discard(): void;
}

/**
 * Begins a file that replaces `path` when it is complete.
 * @throws as `writeOutput`, and UsageError for a pipe or a device
 */
export function beginFile(path: string, option: string): GrowingFile {
  requireFile(path, option);
  const there = statSync(path, { throwIfNoEntry: false });
  if (there !== undefined && !there.isFile())
    throw new UsageError(`${option}: ${path} is a pipe or a device; accepted: a file`);
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw writeError(error, path, option);
    }
  };
  const target = there === undefined ? path : realpathSync(path);
  const beside = besideOf(target);
  const fd = attempt(() => openSync(beside, 'wx', there?.mode ?? 0o666));
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  return {
    write: (bytes, at) => {
      attempt(() => {
        for (let done = 0; done < bytes.length;)
          done += writeSync(fd, bytes, done, bytes.length - done, at + done);
      });
    },
    keep: () => {
      attempt(() => {
        close();
        renameSync(beside, target);
      });
    },
    discard: () => {
      close();
      rmSync(beside, { force: true });
    },
  };
}

/**
 * Makes a folder for this user alone, and those above it that are missing.
 * @throws UsageError where there can be none
 */
export function makeFolder(path: string, option: string): void {
  try {
    makeBelow(resolve(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new UsageError(`${option}: ${path} is no folder, and none can be made there: ${code}`);
  }
}

/** Not mkdir's `recursive`: Node 20 to 24 never return where /proc answers it with ENOENT. */
function makeBelow(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(path) !== path) makeBelow(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was quicker.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** @throws UsageError for a folder, before anything runs for it */
export function requireFile(path: string, option: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`${option}: ${path} is a folder; accepted: a file`);
}
