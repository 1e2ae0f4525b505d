/** What others wrote, before it goes into messages or into functions that recurse. */
import { UsageError } from './errors.ts';

/** Levels of JSON that anything here has, with room. assumed; JSON.stringify takes some thousands */
const LEVELS_MAX = 64;

/**
 * A text on one line of a terminal: control characters, which could move the cursor or end the line,
 * as `\x1b`.
 */
export function visible(text: string): string {
  return text.replaceAll(
    /\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/**
 * A text as a message shows it: visible, `lengthMax` characters at most, and how many are not shown.
 */
export function clipped(original: string, lengthMax = 200): string {
  const text = visible(original);
  if (text.length <= lengthMax) return text;
  return `${text.slice(0, lengthMax)}… (${text.length - lengthMax} more characters)`;
}

/**
 * Refuses parsed JSON that is nested so deeply that a function which recurses would run out of
 * stack: JSON.parse has no such limit, JSON.stringify and the schemas have.
 * @throws UsageError
 */
export function requireFlat(json: unknown, where: string): void {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > LEVELS_MAX)
      throw new UsageError(`${where}: is nested too deeply; accepted: up to ${LEVELS_MAX} levels`);
    const next: unknown[] = [];
    for (const value of level)
      if (typeof value === 'object' && value !== null)
        for (const member of Object.values(value) as unknown[]) {
          if (typeof member === 'object' && member !== null) next.push(member);
        }
    level = next;
  }
}
