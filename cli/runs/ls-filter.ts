/** The filters of `runs ls`, as the store takes them. */
import {
  COMPARISONS,
  type ParameterCondition,
  type RunFilter,
  type RunStatus,
  type RunStore,
} from '../../src/runs/index.ts';
import { clipped, didYouMean, nearestNames, UsageError } from '../../src/units/index.ts';

export interface FilterOptions {
  readonly status?: RunStatus;
  readonly design?: string;
  readonly name?: string;
  readonly command?: string;
  readonly since?: string;
  readonly until?: string;
  readonly where: readonly string[];
}

/** Milliseconds by letter. */
const SPANS: Readonly<Record<string, number>> = { m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/**
 * @param nowMs - milliseconds since 1970, for spans such as `2d`
 * @throws UsageError
 */
export function filterOf(options: FilterOptions, nowMs: number): RunFilter {
  const { status, design, name, command, since, until, where } = options;
  return {
    ...(status !== undefined && { status }),
    ...(design !== undefined && { design }),
    ...(name !== undefined && { nameGlob: name }),
    ...(command !== undefined && { commandGlob: command }),
    ...(since !== undefined && { sinceMs: parseMoment(since, '--since', nowMs) }),
    ...(until !== undefined && { untilMs: parseMoment(until, '--until', nowMs) }),
    ...(where.length > 0 && { parameters: where.map(parseCondition) }),
  };
}

/** Whether anything is left out. */
export function isFiltering(filter: RunFilter): boolean {
  return Object.keys(filter).length > 0;
}

/**
 * A moment as `2026-01-31`, `2026-01-31 23:59[:59]` (UTC, as `ls` prints it), or that long ago:
 * `30m`, `12h`, `2d`, `1w`.
 *
 * @returns milliseconds since 1970
 * @throws UsageError
 */
export function parseMoment(text: string, option: string, nowMs: number): number {
  const span = parseSpan(text);
  if (span !== null) return nowMs - span;
  const date = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)Z?)?$/.exec(text);
  const moment = date === null ? NaN : Date.parse(`${date[1]!}T${date[2] ?? '00:00'}Z`);
  if (!Number.isNaN(moment)) return moment;
  throw new UsageError(
    `${option}: '${clipped(text)}' is no moment; accepted: 2026-01-31, '2026-01-31 23:59' (UTC), ` +
      'or that long ago: 30m, 12h, 2d, 1w',
  );
}

/** `30m`, `12h`, `2d`, `1w` in milliseconds; null for anything else. */
export function parseSpan(text: string): number | null {
  const span = /^(\d{1,6}(?:\.\d{1,6})?)([mhdw])$/.exec(text);
  return span === null ? null : Number(span[1]) * SPANS[span[2]!]!;
}

/** `zswap.maxPoolPercent>=10`. @throws UsageError */
function parseCondition(text: string): ParameterCondition {
  const match = /^(.*?)(<=|>=|!=|=|<|>)(.*)$/s.exec(text);
  const comparison = COMPARISONS.find((each) => each === match?.[2]);
  if (match === null || comparison === undefined || match[1]!.trim() === '')
    throw new UsageError(
      `--where: '${clipped(text)}' is no condition; accepted: KEY=VALUE, with ` +
        `${COMPARISONS.join(' ')}, such as zswap.maxPoolPercent=10`,
    );
  const [key, value] = [match[1]!.trim(), match[3]!.trim()];
  if (!/^!?=$/.test(comparison) && (value === '' || !Number.isFinite(Number(value))))
    throw new UsageError(
      `--where: '${clipped(text)}': '${clipped(value)}' is no number; accepted behind ` +
        `${comparison}: a number; text has = and !=`,
    );
  return { key, comparison, value };
}

/**
 * Refuses a parameter that no stored run has: with a letter wrong it would look like none found.
 * @throws UsageError with the nearest
 */
export function requireKnown({ parameters = [] }: RunFilter, runs: RunStore): void {
  if (parameters.length === 0) return;
  const keys = runs.parameterKeys();
  const unknown = parameters.find(({ key }) => !keys.includes(key));
  if (unknown === undefined || keys.length === 0) return;
  throw new UsageError(
    `--where: '${clipped(unknown.key)}' is a parameter of no stored run; the nearest are ` +
      nearestNames(unknown.key, keys, 3).join(', '),
  );
}

/**
 * Refuses a design that there is not, once no run of it was found. The designs are loaded only then:
 * they are most of the program.
 * @throws UsageError with the nearest
 */
export async function requireDesign(name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const names = Object.keys((await import('../../src/swap/index.ts')).designs);
  if (names.includes(name)) return;
  throw new UsageError(
    `--design: '${clipped(name)}' is no design; accepted: ${names.join(', ')}` +
      didYouMean(name, names),
  );
}
