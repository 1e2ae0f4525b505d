/** Where commands write what `-o FILE` asks for: one rule for all of them. */
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const message = `${option}: ${path} cannot be written: ${code}`;
    if (code === 'ENOSPC' || code === 'EIO') throw new RunError(message);
    throw new UsageError(message);
  }
  notice(io, `${option.replace(/: .*/, '')}: wrote ${path}\n`);
}

/** What was in the file stays whole until all of the new text is on the disk. */
function replaceFile(path: string, text: string): void {
  const there = statSync(path, { throwIfNoEntry: false });
  // A pipe or a device takes what comes.
  if (there !== undefined && !there.isFile()) {
    writeFileSync(path, text);
    return;
  }
  const target = there === undefined ? path : realpathSync(path);
  const beside = `${target}.${process.pid}.part`;
  try {
    writeFileSync(beside, text, { mode: there?.mode ?? 0o666, flag: 'wx' });
    renameSync(beside, target);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** @throws UsageError for a folder, before anything runs for it */
export function requireFile(path: string, option: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new UsageError(`${option}: ${path} is a folder; accepted: a file`);
}
