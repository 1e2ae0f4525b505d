/**
 * The composition root: builds the parts of a machine from a checked spec. The only place where
 * designs, devices, zswap and memory meet.
 */
import { CostProfile, Engine } from '../engine/index.ts';
import { defaultCosts } from '../engine/profiles/default-costs.ts';
import { BytePayload, FrameTable, TagPayload, type Payload } from '../frames/index.ts';
import { createCompressor, type Compressor } from '../codec/index.ts';
import { createPool } from '../pool/index.ts';
import { FaultLedger, parseFaultRule, type LedgerHooks } from '../device/index.ts';
import { SlotSpace } from '../slots/index.ts';
import { generations, Zswap, type ObjectCharges } from '../zswap/index.ts';
import { chooseDesign, SwapSystem, type DesignChoice, type SwapClient } from '../swap/index.ts';
import { MemoryManager, type FlushWorker, type MemoryParts } from '../memory/index.ts';
import type { Workload } from '../workload/index.ts';
import { UsageError } from '../units/index.ts';
import { requireKnob } from './knobs.ts';
import { designName, driveOf, pagesOf, type RunSpec } from './spec.ts';
import { resolveCgroups, type CgroupSettings } from './cgroups.ts';
import { MachineAreas } from './areas.ts';
import type { FaultPlan } from './area-device.ts';
import type { PreparedArea } from './prepared-area.ts';

/** Frames beyond the limits: reclaim and writeback may not wait; a batch is at most 4096 entries. */
const SPARE_FRAMES = 4096;

export interface Assembly {
  readonly design: DesignChoice;
  readonly engine: Engine;
  readonly frames: FrameTable;
  /** One frame more than `frames` has: for comparing. */
  readonly payload: Payload;
  readonly compressor: Compressor;
  readonly cgroups: readonly CgroupSettings[];
  readonly memory: MemoryManager;
  readonly areas: MachineAreas;
  /** What goes wrong; null: nothing does. */
  readonly faults: FaultPlan | null;
}

/**
 * Pages of memory: an address of real bytes is an object each, of about 100 bytes (assumed), and a
 * page frame of sizes only needs 22 bytes.
 */
const MEMORY_PAGES_MAX = { bytes: 2 ** 24, none: 2 ** 28 } as const;

/** Refuses a memory limit that this process cannot hold. */
function checkMemory(limitPages: number, payload: RunSpec['payload']): void {
  const most = MEMORY_PAGES_MAX[payload];
  if (limitPages > most)
    throw new UsageError(
      `machine.memory: ${limitPages} pages are too many; accepted with payload ${payload}: up to ${most} ` +
        `(${most / 2 ** 18}G)`,
    );
}

/** @throws UsageError for what a spec's form cannot rule out */
export function assemble(
  spec: RunSpec,
  prepared: readonly PreparedArea[],
  workload: Workload,
  calls: {
    readonly onKill: NonNullable<MemoryParts['onKill']>;
    readonly flushWorker: FlushWorker | undefined;
    readonly onEvent: (kind: string, detail: string) => void;
    readonly faults: LedgerHooks;
  },
): Assembly {
  const design = chooseDesign(designName(spec), 'design');
  const engine = new Engine({
    seed: spec.seed,
    cpuCount: spec.machine.cpus,
    costs: new CostProfile(defaultCosts),
  });
  const ramPages = pagesOf(spec.machine.ram, 'machine.ram');
  const cgroups = resolveCgroups(spec.machine, workload.taskCount);
  const limitPages = cgroups.reduce((sum, cgroup) => sum + cgroup.limitPages, 0);
  checkMemory(limitPages, spec.payload);
  const frames = new FrameTable(limitPages + SPARE_FRAMES);
  const payload =
    spec.payload === 'bytes'
      ? new BytePayload(frames.frameCount + 1)
      : new TagPayload(frames.frameCount + 1);
  const compressor = createCompressor(spec.zswap.compressor, 'zswap.compressor');
  const faults = planFaults(spec, calls.faults);
  const parts = { design, engine, frames, payload, compressor, cgroups, faults };
  const memory = new MemoryManager(
    {
      ...parts,
      ...calls,
      createSwap: (client, charges) => createSwap(spec, { ...parts, charges }, client, ramPages),
    },
    {
      cgroups,
      pageCluster: spec.machine.pageCluster,
      swappiness: spec.machine.swappiness,
      sharedPages: workload.sharedPages,
    },
  );
  memory.swap.design.setVirtual?.(spec.vswapEnabled);
  const areas = new MachineAreas(engine, memory.swap, design.kind, {
    hasBytes: payload.kind === 'bytes',
    compressedWriteback: spec.zswap.compressedWriteback,
    drive: driveOf(spec),
    faults,
    onEvent: calls.onEvent,
  });
  for (const area of prepared) areas.add(area);
  areas.addOwn(ramPages);
  areas.requireFaults();
  // A name that a later line gets wrong should not cost the run up to there.
  for (const phase of workload.phases)
    if (phase.kind === 'swapon' || phase.kind === 'swapoff') areas.require(phase.path);
    else if (phase.kind === 'zram') areas.requireZram(phase.path);
    else requireKnob(phase, spec, cgroups);
  return { ...parts, memory, areas };
}

function planFaults(spec: RunSpec, hooks: LedgerHooks): FaultPlan | null {
  if (spec.faults.length === 0) return null;
  const rules = spec.faults.map((text) => parseFaultRule(text, 'faults'));
  return { rules, ledger: new FaultLedger(hooks) };
}

function createSwap(
  spec: RunSpec,
  parts: Pick<
    Assembly,
    'design' | 'engine' | 'frames' | 'payload' | 'compressor' | 'cgroups' | 'faults'
  > & {
    readonly charges: ObjectCharges;
  },
  client: SwapClient,
  ramPages: number,
): SwapSystem {
  const { engine, frames, payload, compressor, cgroups, charges } = parts;
  const { kind, revision } = parts.design;
  const { zswap } = spec;
  const generation = generations[zswap.version];
  const space = new SlotSpace(engine, spec.perCpuCluster ?? kind.perCpuCluster);
  return new SwapSystem({
    engine,
    frames,
    payload,
    space,
    client,
    sameFilled: spec.sameFilled ?? 'zero',
    witness: parts.faults?.ledger ?? null,
    onWrongPage: spec.onWrongPage,
    createDesign: (host) =>
      kind.create({ engine, frames, space, host, revision, zswapIndex: generation.index }),
    createZswap: (design, target) =>
      new Zswap(
        {
          engine,
          frames,
          payload,
          createPool: (mayGrow) =>
            createPool(zswap.zpool, 'zswap.zpool', {
              engine,
              bytes: payload.kind === 'bytes',
              chainSize: zswap.chainSize,
              mayGrow,
            }),
          compressor,
          index: design.backing.zswap,
          target,
          ramPages,
          cgroups,
          cgroupVersion: spec.machine.cgroupVersion ?? 1,
          charges,
        },
        {
          ...zswap,
          writebackBatch: zswap.writebackBatch === 'kernel' ? 1 : zswap.writebackBatch,
          writebackAge: zswap.writebackAge ?? Infinity,
          writesCompressed: zswap.compressedWriteback !== 'off',
        },
      ),
  });
}
