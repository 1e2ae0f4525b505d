/** The file of a replay that `swaplab endure` writes. */
import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { parse, resolve } from 'node:path';
import { formatReplay, type ShrunkReplay } from '../src/machine/index.ts';
import { UsageError } from '../src/units/index.ts';
import type { CommandIo } from './command.ts';

export interface WrittenReplay {
  readonly path: string;
  readonly operations: number;
  readonly steps: number;
  readonly tries: number;
}

/** Beside the database, called after the run. */
export function replayPath(databasePath: string, runId: number): string {
  const { dir, name } = parse(databasePath);
  return resolve(dir, `${name}-replay-${runId}.json`);
}

/** A run of hours should not end where its replay cannot be kept. */
export function checkWritable(path: string): void {
  try {
    accessSync(existsSync(path) ? path : resolve(parse(path).dir || '.'), constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new UsageError(`--replay-out: ${path} cannot be written: ${code}`);
  }
}

/** @returns null when the file could not be written, which is told: the verdict matters more */
export function writeReplay(
  path: string,
  { replay, broken, tries }: ShrunkReplay,
  io: CommandIo,
): WrittenReplay | null {
  try {
    writeFileSync(path, formatReplay(replay, broken), { mode: 0o600 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    io.stderr(`swaplab: the replay was not written: ${path}: ${code}\n`);
    return null;
  }
  return { path, operations: replay.operations.count, steps: replay.steps.length, tries };
}
