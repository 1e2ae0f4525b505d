/** What an endurance run is made of besides its machine, and the plan that follows from both. */
import { chooseDesign } from '../../swap/index.ts';
import { UsageError } from '../../units/index.ts';
import { EnduranceWorkload, type PlanConfig } from '../../workload/index.ts';
import { whyFixed } from '../../zswap/index.ts';
import { resolveCgroups } from '../cgroups.ts';
import type { PreparedArea } from '../prepared-area.ts';
import { designName, type RunSpec } from '../spec.ts';

/** The workload of an endurance run in a spec: `{name: 'endurance', arguments: ['tasks=4', …]}`. */
export const ENDURANCE = 'endurance';

export interface EnduranceSettings {
  readonly tasks: number;
  /** Forked children that can be alive at a time. */
  readonly children: number;
  readonly pagesPerTask: number;
  /** Page operations of a common phase. */
  readonly phaseOperations: number;
}

const LIMITS: Readonly<Record<keyof EnduranceSettings, readonly [number, number]>> = {
  tasks: [1, 64],
  children: [0, 16],
  pagesPerTask: [64, 1 << 24],
  phaseOperations: [64, 1 << 24],
};

/** Settings as arguments of the workload, in a fixed order. */
export function settingsArguments(settings: EnduranceSettings): string[] {
  return Object.keys(LIMITS).map((key) => `${key}=${settings[key as keyof EnduranceSettings]}`);
}

/** @throws UsageError that names the argument and what is accepted */
export function parseSettings(args: readonly string[], where: string): EnduranceSettings {
  const found: Record<string, number> = {};
  for (const text of args) {
    const [key = '', value = ''] = text.split('=', 2);
    const limits = Object.hasOwn(LIMITS, key) ? LIMITS[key as keyof EnduranceSettings] : undefined;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (limits === undefined)
      throw new UsageError(`${where}: '${text}': accepted: ${Object.keys(LIMITS).join(', ')}`);
    if (!(number >= limits[0] && number <= limits[1]))
      throw new UsageError(`${where}: '${text}': accepted: ${limits[0]} to ${limits[1]}`);
    found[key] = number;
  }
  const missing = Object.keys(LIMITS).find((key) => found[key] === undefined);
  if (missing !== undefined) throw new UsageError(`${where}: ${missing}: is missing`);
  return found as unknown as EnduranceSettings;
}

/** The settings in a spec whose workload is an endurance run. */
export function settingsOf(spec: RunSpec, where: string): EnduranceSettings {
  const { workload } = spec;
  if (!('name' in workload) || workload.name !== ENDURANCE)
    throw new UsageError(`${where}: the workload is no endurance run`);
  return parseSettings(workload.arguments, `${where}: workload`);
}

/** The plan of a spec on the areas that it was given. */
export function planOf(
  spec: RunSpec,
  settings: EnduranceSettings,
  areas: readonly PreparedArea[],
): PlanConfig {
  const { kind } = chooseDesign(designName(spec), 'design');
  const { zswap, machine, seed } = spec;
  const taskCount = settings.tasks + settings.children;
  const cgroups =
    machine.cgroupVersion === 2 ? resolveCgroups(machine, taskCount).map(({ name }) => name) : [];
  return {
    ...settings,
    seed,
    // One that is off at first comes when somebody asks for it.
    areas: areas.filter(({ isOn }) => isOn !== false).map(({ type }) => `area${type}`),
    zswap: zswap.enabled
      ? {
          maxPoolPercent: zswap.maxPoolPercent,
          acceptThresholdPercent: zswap.acceptThresholdPercent,
          cgroups,
          writesBack: kind.writesBack && areas.some((area) => area.kind !== 'ghost'),
          hasThreshold: whyFixed(zswap.version, 'accept_threshold_percent') === null,
        }
      : null,
  };
}

export function enduranceWorkload(spec: RunSpec, settings: EnduranceSettings): EnduranceWorkload {
  return new EnduranceWorkload({
    seed: spec.seed,
    taskCount: settings.tasks + settings.children,
    pagesPerTask: settings.pagesPerTask,
    payload: spec.payload,
  });
}
