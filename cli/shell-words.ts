/** Command lines as they are stored: a shell can repeat them. */

/** What no POSIX shell reads anything into, anywhere in a word but at its start. */
const PLAIN = /^[\w@%+:,./-][\w@%+=:,./-]*$/;

/** A word as a POSIX shell reads it back: quoted where it must be. */
function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The command line of a command of swaplab. */
export function shellCommand(name: string, argv: readonly string[]): string {
  return ['swaplab', name, ...argv.map(shellWord)].join(' ');
}
