/** Whether a word is the path of a file in JSON, and not a name: it has a slash or ends in .json. */
export function isFileName(word: string): boolean {
  return word.includes('/') || word.endsWith('.json');
}
