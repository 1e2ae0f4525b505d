/** What no POSIX shell reads anything into, anywhere in a word but at its start. */
const PLAIN = /^[\w@%+:,./-][\w@%+=:,./-]*$/;

/** A word as a POSIX shell reads it back: quoted where it must be. */
export function shellWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
