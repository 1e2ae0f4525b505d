/** Mutations that know the structure of what they change: words of text, members of JSON. */
import type { Random } from './fuzz.ts';

/** Numbers at the ends of what fields hold. */
export const EDGES: readonly number[] = [
  0,
  1,
  2,
  7,
  8,
  9,
  10,
  15,
  16,
  255,
  256,
  511,
  512,
  637,
  638,
  4095,
  4096,
  65535,
  65536,
  0xfffffff,
  0x10000000,
  0x10000001,
  0x7fffffff,
  0x80000000,
  0xfffffffe,
  0xffffffff,
  0x100000000,
  1e9,
  1e12,
  1e15,
  2 ** 53 - 1,
  2 ** 53,
  1e20,
];

const STRANGE = [
  '',
  ' ',
  '-',
  '--',
  '-1',
  '0x',
  '0x10',
  '1e999',
  'NaN',
  'Infinity',
  'null',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '#',
  '=',
  ',',
  ':',
  '.',
  '..',
  '/',
  '\0',
  '\r',
  '\u2028',
  '\ud800',
  'é',
  '🙂',
  '%s',
  '\\x1b[2J',
  '9'.repeat(400),
  'a'.repeat(3000),
  '[[[[',
  '{"a":',
  "'",
  '"',
] as const;

/** One to four changes of a text: its words, its lines, its letters. */
export function mutateText(
  random: Random,
  golden: readonly string[],
  words: readonly string[],
): string {
  let text = random.pick(golden);
  for (let left = 1 + random.below(4); left > 0; left--)
    text = changeText(random, text, golden, words);
  return text;
}

function changeText(
  random: Random,
  text: string,
  golden: readonly string[],
  words: readonly string[],
): string {
  const at = random.below(text.length + 1);
  const to = Math.min(text.length, at + random.below(20));
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + text.slice(to);
    case 1:
      return text.slice(0, at) + random.pick(STRANGE) + text.slice(at);
    case 2:
      return (
        text.slice(0, at) +
        String.fromCharCode(random.below(random.pick([128, 65536]))) +
        text.slice(at + 1)
      );
    case 3:
      return text.slice(0, to) + text.slice(Math.max(0, at - 30));
    case 4: {
      const other = random.pick(golden);
      return text.slice(0, at) + other.slice(random.below(other.length + 1));
    }
    case 5:
      return replaceWord(random, text, /\d+/g, String(random.pick(EDGES)));
    case 6:
      return replaceWord(random, text, /[^\s,=.]+/g, random.pick(words));
    case 7:
      return replaceWord(random, text, /[^\s,=.]+/g, random.pick(STRANGE));
    default:
      return replaceWord(random, text, /[^\n]+/g, `${random.pick(words)} ${random.pick(words)}`);
  }
}

function replaceWord(random: Random, text: string, pattern: RegExp, word: string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text + word;
  const { index, 0: old } = random.pick(found);
  return text.slice(0, index) + word + text.slice(index + old.length);
}

/** One to four changes of parsed JSON, on a copy. */
export function mutateJson(
  random: Random,
  golden: readonly unknown[],
  keys: readonly string[],
): unknown {
  const root = { value: structuredClone(random.pick(golden)) };
  for (let left = 1 + random.below(4); left > 0; left--) changeJson(random, root, keys);
  return root.value;
}

type Members = Record<string, unknown>;

function changeJson(random: Random, root: Members, keys: readonly string[]): void {
  let holder: Members = root;
  let key = 'value';
  // Down, and not always to a leaf.
  while (isMembers(holder[key]) && !random.once(4)) {
    const next = holder[key] as Members;
    const names = Object.keys(next);
    if (names.length === 0) break;
    holder = next;
    key = random.pick(names);
  }
  switch (random.below(6)) {
    case 0:
      if (holder !== root) Reflect.deleteProperty(holder, key);
      break;
    case 1:
      define(holder, key, strangeValue(random));
      break;
    case 2:
      define(holder, key, random.pick(EDGES));
      break;
    case 3:
      if (isMembers(holder[key]))
        define(holder[key] as Members, random.pick(keys), strangeValue(random));
      else define(holder, key, random.pick(STRANGE));
      break;
    case 4: {
      const value = holder[key];
      if (Array.isArray(value) && value.length > 0)
        for (let left = random.below(40); left > 0; left--) value.push(random.pick(value));
      else define(holder, key, random.pick(keys));
      break;
    }
    default:
      if (holder !== root) define(holder, random.pick(keys), holder[key]);
  }
}

/** As JSON.parse: `__proto__` is a member like another. */
function define(holder: Members, key: string, value: unknown): void {
  if (Array.isArray(holder) && key === 'length') return;
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

function strangeValue(random: Random): unknown {
  switch (random.below(9)) {
    case 0:
      return null;
    case 1:
      return random.once(2);
    case 2:
      return -random.pick(EDGES);
    case 3:
      return random.pick([0.5, -0, 1e308, 5e-324]);
    case 4:
      return random.pick(STRANGE);
    case 5:
      return [];
    case 6:
      return {};
    case 7:
      return JSON.parse('{"__proto__": {"constructor": 1}}') as unknown;
    default:
      return nested(random.once(50) ? 20_000 : random.pick([3, 40, 100]));
  }
}

export function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}
