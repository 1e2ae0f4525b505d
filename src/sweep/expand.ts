/** From what the runs of a sweep differ by to the settings of each, in a stable order. */
import { chooseDesign } from '../swap/index.ts';
import { UsageError } from '../units/index.ts';
import { sampleHypercube } from './latin-hypercube.ts';
import { RUNS_MAX, type SweepSpec } from './sweep-spec.ts';

/** Keys of the spec, dots between their parts, and their values. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * The settings of each run: entries of the list slowest, then the grid (its first key slowest), the
 * samples of the Latin hypercube, and seeds.
 * @throws UsageError for more runs than a plan takes, and for designs that are none
 */
export function expandSweep(sweep: SweepSpec, where: string): Settings[] {
  const { grid, list, latinHypercube, seeds } = sweep;
  const parts: readonly (readonly Settings[])[] = [
    list.length === 0 ? [{}] : list,
    ...Object.entries(grid).map(([key, values]) => values.map((value) => ({ [key]: value }))),
    latinHypercube === undefined
      ? [{}]
      : sampleHypercube(latinHypercube, `${where}: latinHypercube`),
    seeds === null ? [{}] : seeds.map((seed) => ({ seed })),
  ];
  const count = parts.reduce((product, part) => product * part.length, 1);
  if (count > RUNS_MAX)
    throw new UsageError(
      `${where}: ${count.toLocaleString('en-US')} runs; accepted: up to ` +
        RUNS_MAX.toLocaleString('en-US'),
    );
  return parts
    .reduce<readonly Settings[]>(
      (before, part) => before.flatMap((each) => part.map((more) => ({ ...each, ...more }))),
      [{}],
    )
    .map((settings) => withRevision(settings, where));
}

/** A design may be NAME:REVISION; without one it is the design's first, whatever the base has. */
function withRevision(settings: Settings, where: string): Settings {
  const { design } = settings;
  if (typeof design !== 'string') return settings;
  const { name, revision } = chooseDesign(design, `${where}: design`);
  if (!('revision' in settings)) return { ...settings, design: name, revision };
  if (design.includes(':'))
    throw new UsageError(
      `${where}: design '${design}' has a revision, and 'revision' is set as well`,
    );
  return settings;
}
