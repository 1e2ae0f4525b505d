/**
 * Configurations of masim, DAMON's generator of artificial access patterns: a paragraph of regions
 * (name, bytes, optionally a file of initial data), then one paragraph for each phase: its name, its
 * milliseconds, and a line for each pattern (region, 1 for random or 0 for sequential, stride in
 * bytes, probability, optionally ro, wo or rw). Lines that begin with # are comments.
 * @source sjp38/masim (commit 13e0241 of 2025-07-24) masim.c read_config(), parse_regions(),
 *   parse_phase(), and its README
 *
 * Stricter than masim in what a number is (it takes `12x` for 12), and more lenient in white space:
 * around fields, in several empty lines, and in a last line without an end.
 */
import { clipped } from '../../units/index.ts';
import { lineError } from './lines.ts';

/** What masim does to memory where a pattern does not say: it writes. @source masim.c */
const RW_DEFAULT = 'wo';
const rwModes = ['ro', 'wo', 'rw'] as const;
export type RwMode = (typeof rwModes)[number];

export interface MasimRegion {
  readonly name: string;
  readonly bytes: number;
  /** Whether it holds the content of a file at the start. */
  readonly isFilled: boolean;
}

export interface MasimPattern {
  /** Index of its region. */
  readonly region: number;
  readonly isRandom: boolean;
  readonly strideBytes: number;
  /** Relative to those of the other patterns of the phase. */
  readonly probability: number;
  readonly rw: RwMode;
}

export interface MasimPhase {
  readonly name: string;
  readonly milliseconds: number;
  readonly patterns: readonly MasimPattern[];
}

export interface MasimConfig {
  readonly regions: readonly MasimRegion[];
  readonly phases: readonly MasimPhase[];
}

interface Line {
  readonly text: string;
  readonly number: number;
}

/**
 * Reads a configuration.
 * @param lines - all of its lines, without their ends
 * @param source - what to call it in errors
 * @throws UsageError
 */
export function parseMasimConfig(lines: readonly string[], source: string): MasimConfig {
  const fail = (line: Line, what: string): never => {
    throw lineError(source, line.number, what);
  };
  const [first, ...rest] = paragraphs(lines);
  if (first === undefined)
    throw lineError(source, 1, 'has no regions; accepted: lines of a name and a size in bytes');
  const regions: MasimRegion[] = [];
  for (const line of first) regions.push(parseRegion(line, regions, fail));
  return { regions, phases: rest.map((paragraph) => parsePhase(paragraph, regions, fail)) };
}

type Fail = (line: Line, what: string) => never;

/** The lines between empty ones, without comments. */
function paragraphs(lines: readonly string[]): Line[][] {
  const found: Line[][] = [];
  let current: Line[] | null = null;
  lines.forEach((each, i) => {
    if (each.startsWith('#')) return;
    const text = each.trim();
    if (text === '') current = null;
    else {
      if (current === null) found.push((current = []));
      current.push({ text, number: i + 1 });
    }
  });
  return found;
}

function fieldsOf(line: Line): string[] {
  return line.text.split(',').map((field) => field.trim());
}

function parseRegion(line: Line, before: readonly MasimRegion[], fail: Fail): MasimRegion {
  const fields = fieldsOf(line);
  if (fields.length !== 2 && fields.length !== 3)
    fail(line, `'${line.text}' is no region; accepted: NAME, BYTES[, FILE|none]`);
  const [name = '', size = '', file = 'none'] = fields;
  if (before.some((region) => region.name === name))
    fail(line, `region '${name}' is there already; accepted: a name of its own`);
  const bytes = whole(size, 'the size', line, fail);
  if (bytes === 0) fail(line, `the size '${size}' is not accepted; accepted: bytes from 1`);
  return { name, bytes, isFilled: file !== 'none' };
}

function parsePhase(
  [nameLine, timeLine, ...patternLines]: readonly Line[],
  regions: readonly MasimRegion[],
  fail: Fail,
): MasimPhase {
  const last = patternLines.at(-1) ?? timeLine ?? nameLine!;
  if (timeLine === undefined || patternLines.length === 0)
    return fail(
      last,
      `ends a phase of ${timeLine === undefined ? 1 : 2} lines; accepted: a name, ` +
        'milliseconds, and patterns',
    );
  return {
    name: nameLine!.text,
    milliseconds: whole(timeLine.text, 'the time in ms', timeLine, fail),
    patterns: patternLines.map((line) => parsePattern(line, regions, fail)),
  };
}

function parsePattern(line: Line, regions: readonly MasimRegion[], fail: Fail): MasimPattern {
  const fields = fieldsOf(line);
  if (fields.length !== 4 && fields.length !== 5)
    fail(
      line,
      `'${line.text}' is no pattern; accepted: REGION, 1|0 (random or not), STRIDE, PROBABILITY` +
        '[, ro|wo|rw]',
    );
  const [name = '', random = '', stride = '', probability = '', rw = RW_DEFAULT] = fields;
  const region = regions.findIndex((each) => each.name === name);
  if (region < 0) {
    const names = regions.map((each) => each.name).join(', ');
    fail(line, `there is no region '${clipped(name)}'; accepted: ${clipped(names)}`);
  }
  const mode = rwModes.find((each) => each === rw);
  return {
    region,
    isRandom: whole(random, 'random or not', line, fail) !== 0,
    strideBytes: whole(stride, 'the stride', line, fail),
    probability: whole(probability, 'the probability', line, fail),
    rw: mode ?? fail(line, `'${clipped(rw)}' is no mode; accepted: ${rwModes.join(', ')}`),
  };
}

function whole(text: string, what: string, line: Line, fail: Fail): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  return fail(line, `${what} '${clipped(text)}' is not accepted; accepted: a whole number from 0`);
}
