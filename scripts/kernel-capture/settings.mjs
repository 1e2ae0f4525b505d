/** Files of /proc and /sys: read, and set until the end of the capture. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Refusal } from './commands.mjs';

export function read(path) {
  return readFileSync(path, 'utf8').trim();
}

export function readIfThere(path) {
  return existsSync(path) ? read(path) : null;
}

/**
 * Writes a kernel setting and remembers what it was. Files that list their choices have the chosen
 * one in brackets.
 * @param accepted - what may be written, for the message; the file's own text if left out
 */
export function set(undo, path, value, accepted = null) {
  const text = readIfThere(path);
  if (text === null) throw new Refusal(`${path}: this kernel has no such setting`);
  const before = /\[(\S+)\]/.exec(text)?.[1] ?? text;
  if (before === String(value)) return;
  undo.add(`set ${path} back to '${before}'`, () => writeFileSync(path, before));
  try {
    writeFileSync(path, String(value));
  } catch (error) {
    const hint = accepted === null ? `it is ${text}` : `accepted: ${accepted}`;
    throw new Refusal(`${path}: '${value}' is refused (${error.code}); ${hint}`);
  }
}

/** A value of /proc/meminfo, KiB. */
export function meminfoKiB(name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(read('/proc/meminfo'))[1]);
}

/** Swap that is on: the paths of its areas. */
export function activeSwap() {
  return read('/proc/swaps')
    .split('\n')
    .slice(1)
    .map((line) => unescapeOctal(line.split(/\s+/)[0]));
}

/** A path as /proc writes it: blanks and the like are octal there. */
export function unescapeOctal(text) {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
