/** Command lines as they are stored: a shell can repeat them. */
import { shellWord } from '../src/units/index.ts';

/** The command line of a command of swaplab. */
export function shellCommand(name: string, argv: readonly string[]): string {
  return ['swaplab', name, ...argv.map(shellWord)].join(' ');
}
