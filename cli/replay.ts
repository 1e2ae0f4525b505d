/**
 * Replaying a stored run up to a point: the same spec, the same areas as far as they decide anything
 * (type, size, bad pages, priority), but in memory, so that no file of the user is needed. The replay
 * must be the same run: the counters of each phase on the way are compared with the stored ones.
 */
import { MemoryDevice, NullDevice } from '../src/device/index.ts';
import type { AddressSpace } from '../src/memory/index.ts';
import {
  Machine,
  specBytes,
  zramOfSpec,
  type Answer,
  type PhaseResult,
  type PreparedArea,
  type RunHooks,
  type RunSpec,
  type ZramSpec,
} from '../src/machine/index.ts';
import type { StoredRun } from '../src/runs/index.ts';
import { NO_ENTRY, PAGE_SIZE, RunError, UsageError, type VirtualPage } from '../src/units/index.ts';
import { buildWorkload } from './runner.ts';
import { resolvedAreas, type ResolvedArea } from './resolved-areas.ts';
import { specOfStored } from './stored-spec.ts';

/** Which page, and when. */
export interface RunPoint {
  readonly at: { readonly operation: number } | { readonly phase: number };
  readonly page: number;
  /** `child`: the forked child that works at that point. */
  readonly task: number | 'child';
}

/** Where a replay stood, and what it found. */
export interface FoundInRun {
  readonly where: {
    readonly run: number;
    readonly operation: number;
    readonly phase: number;
    readonly op: string;
    readonly task: number | 'child';
    readonly page: number;
    readonly virtualNs: number;
    /** Phases whose counters were compared with the stored ones, and are the same. */
    readonly phasesCompared: number;
  };
  readonly answer: Answer;
}

/** Builds the machine of a stored run anew. */
export function replayMachine(stored: StoredRun): { machine: Machine; spec: RunSpec } {
  const where = `run ${stored.runId}`;
  const { spec, areasHeld } = specOfStored(stored.spec, where);
  if (areasHeld === undefined)
    throw new UsageError(
      `--run: ${where} was stored without its areas; run it again: ${stored.command}`,
    );
  const areas = resolvedAreas(areasHeld, where).map((area, index) => prepared(area, spec, index));
  return { machine: new Machine(spec, areas, buildWorkload(spec)), spec };
}

/**
 * Replays a run up to a point and looks at a page there.
 * @throws UsageError for a page, a task or a point that the run does not have
 * @throws RunError when the replay is another run than the stored one
 */
export async function resolveInRun(
  stored: StoredRun,
  point: RunPoint,
  hooks: Pick<RunHooks, 'onProgress'>,
): Promise<FoundInRun> {
  const { machine, spec } = replayMachine(stored);
  const { phases } = buildWorkload(spec);
  checkPoint(machine, point, phases.length);
  const found: FoundInRun[] = [];
  let phasesCompared = 0;
  const look = (phase: number): void => {
    const where = {
      run: stored.runId,
      operation: machine.operations,
      phase,
      op: phases[phase]!.label,
      ...{ task: point.task, page: point.page },
      virtualNs: machine.engine.nowNs,
      phasesCompared,
    };
    found.push({ where, answer: answerAt(machine, point) });
  };
  await machine.runUntil(
    {
      first: 'operation' in point.at ? point.at.operation : 0,
      afterOperation: () => {
        look(phasesCompared);
        return 'stop';
      },
      afterPhase: (result) => {
        comparePhase(stored, result);
        phasesCompared += 1;
        if (!('phase' in point.at) || point.at.phase !== result.index) return 'go on';
        look(result.index);
        return 'stop';
      },
    },
    hooks,
  );
  if (found[0] !== undefined) return found[0];
  throw new UsageError(
    `--at: run ${stored.runId} has ${machine.operations} operations; accepted: 1 to ` +
      `${machine.operations}, or phase:0 to phase:${phases.length - 1}`,
  );
}

function checkPoint(machine: Machine, point: RunPoint, phaseCount: number): void {
  const spaces = machine.spaces();
  const pages = spaces[0]!.pageCount;
  if (point.page >= pages)
    throw new UsageError(`--page: ${point.page} is outside; accepted: 0 to ${pages - 1}`);
  if (point.task !== 'child' && point.task >= spaces.length)
    throw new UsageError(
      `--task: there is no task ${point.task}; accepted: 0 to ${spaces.length - 1}, or child`,
    );
  if ('phase' in point.at && point.at.phase >= phaseCount)
    throw new UsageError(
      `--at: there is no phase ${point.at.phase}; accepted: phase:0 to phase:${phaseCount - 1}`,
    );
}

function answerAt(machine: Machine, point: RunPoint): Answer {
  const { task } = point;
  const page = point.page as VirtualPage;
  const space = task === 'child' ? machine.child : machine.spaces()[task]!;
  const who = task === 'child' ? 'the forked child' : `task ${task}`;
  const about = {
    design: machine.design.name,
    revision: machine.design.revision,
    situation: 'run',
    title: 'a page of a stored run',
    what: `page ${page} of ${who}`,
  };
  if (space === null || !space.isAlive) {
    const note = space === null ? 'no forked child is at work at that point' : `${who} has ended`;
    return {
      ...about,
      answered: false,
      hops: [],
      location: null,
      note,
      events: {},
      holds: null,
      also: [],
    };
  }
  const { hops, location, events, entry, outside } = machine.memory.resolve(space, page);
  // What a child has written is its own; nobody keeps what that must be.
  const compare = (at: Answer['location']): boolean | null =>
    task === 'child' || at === null ? null : machine.holdsExpectedAt(task, page, at);
  const isKept = outside !== null && outside.location.kind !== 'nowhere';
  const isOld = location.kind === 'frame' && location.dirty;
  return {
    ...about,
    answered: true,
    ...{ hops, location, events, holds: compare(location) },
    note: noteOf(space, page, entry !== NO_ENTRY),
    also: isKept
      ? [
          {
            what: isOld
              ? 'the place kept for it, its bytes out of date'
              : 'its copy outside of memory',
            ...{ page, entry, ...outside },
            holds: isOld ? null : compare(outside.location),
          },
        ]
      : [],
  };
}

function noteOf(space: AddressSpace, page: VirtualPage, hasEntry: boolean): string {
  const whose = page < space.sharedFrom ? 'a private page' : 'a page of the shared file';
  return hasEntry ? `${whose} with a swap entry` : `${whose} without a swap entry`;
}

/** A replay that counts otherwise is another run. */
function comparePhase(stored: StoredRun, result: PhaseResult): void {
  const before = stored.phases[result.index];
  // A run that failed or was aborted has not stored all of them.
  if (before === undefined) return;
  for (const [name, count] of Object.entries(before.counters)) {
    const now = result.counters[name] ?? 0;
    if (now === count) continue;
    throw new RunError(
      `run ${stored.runId}, phase ${result.index} ('${result.op}'): ${name} was ${count} and is ` +
        `${now} in the replay: this is another run; was it stored by another version of swaplab ` +
        `(${stored.version}) or of its compressor, or has its --content file changed?`,
    );
  }
}

function prepared(area: ResolvedArea, spec: RunSpec, index: number): PreparedArea {
  const { type, kind, maxPages, badPages, priority } = area;
  const name = area.name ?? `area${type}`;
  const options = { name, sizeBytes: maxPages * PAGE_SIZE };
  const isReal = kind !== 'ghost' && spec.payload === 'bytes';
  const { zram: zramSpec } = spec.areas[index] ?? {};
  const zram =
    zramSpec === undefined ? null : zramOfSpec(spec, index, name, memoryOf(zramSpec, name));
  return {
    ...{ type, name, kind, maxPages, badPages, priority },
    profile: area.device,
    ...(zram === null
      ? { device: isReal ? new MemoryDevice(options) : new NullDevice(options) }
      : { device: zram, zram }),
    isOn: area.on,
    problem: () => null,
  };
}

/** The backing device of a zram, in memory; null where there is none. */
function memoryOf({ backing }: ZramSpec, name: string): MemoryDevice | null {
  if (backing === undefined) return null;
  return new MemoryDevice({ name: `${name}.backing`, sizeBytes: specBytes(backing, 'backing') });
}
