/** Messages on stderr, as many as --quiet and --verbose leave. */
import type { PreparedArea } from '../src/machine/index.ts';
import type { CommandIo } from './command.ts';

/** With --verbose: a line on stderr that says what is being done, and when. */
export function detail(io: CommandIo, text: string): void {
  const { verbosity } = io;
  if (verbosity?.isVerbose !== true) return;
  io.stderr(`[${verbosity.seconds.toFixed(3).padStart(8)} s] ${text}\n`);
}

/** With --verbose: the areas that a run has got. */
export function tellAreas(areas: readonly PreparedArea[], io: CommandIo): void {
  for (const { name, kind, maxPages, priority } of areas)
    detail(io, `area taken: ${name} (${kind}), ${maxPages} pages, priority ${priority}`);
}

/** A message that --quiet leaves out. */
export function notice(io: CommandIo, text: string): void {
  if (io.verbosity?.isQuiet !== true) io.stderr(text);
}
