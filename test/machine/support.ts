/** Small machines for tests: areas in RAM, a trace as text. */
import {
  MemoryDevice,
  NullDevice,
  type BlockDevice,
  type ZramDevice,
} from '../../src/device/index.ts';
import { Machine, parseSpec, type PreparedArea, type RunResult } from '../../src/machine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { parseTrace, TraceWorkload, type Workload } from '../../src/workload/index.ts';

export interface SmallArea {
  readonly pages: number;
  readonly ghost?: boolean;
  readonly priority?: number;
  readonly profile?: string;
  readonly badPages?: readonly number[];
  readonly device?: BlockDevice;
  readonly zram?: ZramDevice;
  readonly bufferBytes?: number;
  readonly hasChecksums?: boolean;
}

export interface SmallCgroup {
  readonly name: string;
  readonly pages: number;
  readonly tasks: readonly number[];
}

export interface SmallMachine {
  readonly trace: string;
  /** Is run in place of the trace. */
  readonly workload?: Workload;
  /** Limit of the one cgroup; of no meaning beside `cgroups`. */
  readonly memoryPages?: number;
  readonly cgroups?: readonly SmallCgroup[];
  /** More keys of the machine. */
  readonly machine?: Readonly<Record<string, unknown>>;
  readonly areas: readonly SmallArea[];
  readonly payload?: 'bytes' | 'none';
  readonly zswap?: Readonly<Record<string, unknown>>;
  readonly ramPages?: number;
  readonly seed?: number;
  readonly pageCluster?: number;
  /** NAME or NAME:REVISION. */
  readonly design?: string;
  readonly perCpuCluster?: string;
  readonly sameFilled?: string;
  readonly drive?: string;
  /** Rules as text. */
  readonly faults?: readonly string[];
  readonly onWrongPage?: 'stop' | 'count';
}

/** A machine over areas in RAM. */
export function smallMachine(options: SmallMachine): Machine {
  const payload = options.payload ?? 'bytes';
  const [design, revision] = (options.design ?? 'swap-table').split(':', 2);
  const spec = parseSpec(
    {
      design,
      revision,
      perCpuCluster: options.perCpuCluster,
      sameFilled: options.sameFilled,
      drive: options.drive,
      payload,
      faults: options.faults ?? [],
      onWrongPage: options.onWrongPage,
      seed: options.seed ?? 1,
      machine: {
        ...(options.cgroups === undefined
          ? { memory: (options.memoryPages ?? 128) * PAGE_SIZE }
          : {
              cgroups: options.cgroups.map(({ pages, ...rest }) => ({
                ...rest,
                memory: pages * PAGE_SIZE,
              })),
            }),
        ram: (options.ramPages ?? 4096) * PAGE_SIZE,
        pageCluster: options.pageCluster ?? 3,
        ...options.machine,
      },
      zswap: options.zswap ?? { enabled: false },
      workload: { trace: options.trace },
    },
    'test',
  );
  const areas = options.areas.map((area, type): PreparedArea => {
    const sizeBytes = area.pages * PAGE_SIZE;
    const name = area.zram?.name ?? `area${type}`;
    const isReal = payload === 'bytes' && area.ghost !== true;
    const device =
      area.zram ??
      area.device ??
      (isReal ? new MemoryDevice({ name, sizeBytes }) : new NullDevice({ name, sizeBytes }));
    return {
      type,
      name,
      kind: area.ghost === true ? 'ghost' : 'file',
      maxPages: area.pages,
      badPages: area.badPages ?? [],
      priority: area.priority ?? 0,
      profile: area.profile ?? 'nvme',
      device,
      ...(area.zram === undefined ? {} : { zram: area.zram }),
      ...(area.bufferBytes === undefined ? {} : { bufferBytes: area.bufferBytes }),
      ...(area.hasChecksums === undefined ? {} : { hasChecksums: area.hasChecksums }),
      problem: () => null,
    };
  });
  return new Machine(
    spec,
    areas,
    options.workload ?? new TraceWorkload(parseTrace(options.trace, 'test'), { file: null }),
  );
}

/** Runs a small machine to its end. */
export function runSmall(options: SmallMachine): Promise<RunResult> {
  return smallMachine(options).run();
}

/** A counter summed over all phases. */
export function sum(result: RunResult, name: string): number {
  return result.phases.reduce((total, phase) => total + (phase.counters[name] ?? 0), 0);
}
