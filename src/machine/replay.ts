/** Replays a capture on the machine that it describes. */
import { MemoryDevice, NullDevice, ZramDevice, type BlockDevice } from '../device/index.ts';
import { FLUSH_PERIOD_NS } from '../memory/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import { parseTrace, TraceWorkload } from '../workload/index.ts';
import type { PreparedArea } from './prepared-area.ts';
import { median, type ReplayedPhase } from './agreement.ts';
import { cgroupVersionOf, type Capture } from './capture.ts';
import { Machine } from './machine.ts';
import type { RecordedHost } from './run-hooks.ts';
import type { RunResult } from './run-result.ts';
import { parseSpec } from './spec.ts';
import { createZram } from './zram-area.ts';

/** Pages of the recorder's own in the cgroup. @source fixtures/kernel/README.md: 70 to 110 */
const RECORDER_PAGES = 90;
/** @source fixtures/kernel/*.json: pgscan_file of the first phases */
const RECORDER_FILE_PAGES = 32;
/** Memory of the machine that recorded, where nothing depends on it. */
const RAM = '24G';
const MIB = 1024 * 1024;
/** What stands for the backends of captures, as far as time goes. */
const PROFILES = {
  file: 'hdd',
  ssd: 'nvme',
  zram: 'zram',
  'zswap-ssd': 'nvme',
  'zswap-file': 'hdd',
} as const;

/** Who brings cgroup statistics up to date, and how that is known. */
export type FlushedBy =
  /** The kernel's worker, at the times that the capture has. */
  | 'worker, as recorded'
  /** The kernel's worker every two seconds; inferred. */
  | 'worker, every 2 s, inferred'
  /** Readers: the worker was late throughout; inferred. */
  | 'readers, inferred';

export interface Replay {
  readonly phases: readonly ReplayedPhase[];
  readonly flushedBy: FlushedBy;
  readonly result: RunResult;
}

/**
 * Runs a capture's trace with its limits and settings.
 * @param payload - `none` is quicker; zram's figures need `bytes`
 */
export async function replayCapture(
  capture: Capture,
  where: string,
  payload: 'bytes' | 'none',
): Promise<Replay> {
  const { flushedBy, host } = await chooseHost(capture, where);
  return { ...(await replayOn(capture, where, payload, host)), flushedBy };
}

/**
 * What reclaim knows of its lists depends on when statistics were last flushed. Where a capture
 * does not have that, it is read off `pgdeactivate`, which no score counts: of the two ways a kernel
 * goes on (its worker is punctual, or late for good) the one that comes closer.
 */
async function chooseHost(
  capture: Capture,
  where: string,
): Promise<{ readonly flushedBy: FlushedBy; readonly host: RecordedHost | null }> {
  const times = phaseTimes(capture, where);
  if (times === null) return { flushedBy: 'readers, inferred', host: null };
  const recorded = capture.runs[0]!.flushes_s;
  if (recorded !== undefined) {
    const flushesNs = recorded.map((seconds) => seconds * 1e9);
    return { flushedBy: 'worker, as recorded', host: { timeNs: times, flushesNs } };
  }
  const { phases } = capture.runs[0]!;
  const endNs = times(phases.length, 0);
  const flushesNs: number[] = [];
  for (let at = 0; at <= endNs; at += FLUSH_PERIOD_NS) flushesNs.push(at);
  const punctual = { timeNs: times, flushesNs };
  const distance = async (host: RecordedHost | null): Promise<number> => {
    const replayed = await replayOn(capture, where, 'none', host);
    return sum(
      replayed.phases.map((phase, index) => {
        const kernel = capture.runs.map((run) => run.phases[index]!.counters['pgdeactivate'] ?? 0);
        return Math.abs(median(kernel) - (phase.counters['pgdeactivate'] ?? 0));
      }),
    );
  };
  return (await distance(punctual)) < (await distance(null))
    ? { flushedBy: 'worker, every 2 s, inferred', host: punctual }
    : { flushedBy: 'readers, inferred', host: null };
}

/**
 * The host's time at an operation, ns: that of the first run, within a phase in proportion to the
 * operations done. Null where the capture has no times.
 */
function phaseTimes(capture: Capture, where: string): RecordedHost['timeNs'] | null {
  const { phases } = capture.runs[0]!;
  const operations = parseTrace(capture.trace.join('\n'), where).steps.filter(
    (step) => step.kind === 'pages',
  );
  const starts = [0];
  for (const { elapsed_s: seconds } of phases) {
    if (seconds === undefined) return null;
    starts.push(starts.at(-1)! + seconds * 1e9);
  }
  return (phase, done) => {
    const start = starts[phase]!;
    if (done === 0) return start;
    return start + ((starts[phase + 1]! - start) * done) / operations[phase]!.draws;
  };
}

async function replayOn(
  capture: Capture,
  where: string,
  payload: 'bytes' | 'none',
  host: RecordedHost | null,
): Promise<Omit<Replay, 'flushedBy'>> {
  const { zswap, backend } = capture;
  const trace = `${capture.trace.join('\n')}\n`;
  const cgroupVersion = cgroupVersionOf(capture);
  const spec = parseSpec(
    {
      payload,
      design: 'swap-table',
      machine: {
        memory: capture.limitMiB * MIB,
        cgroupVersion,
        zswapMax: zswap?.cgroupMaxMiB === undefined ? undefined : zswap.cgroupMaxMiB * MIB,
        ram: zswap === null ? RAM : zswap.memTotalKiB * 1024,
        pageCluster: capture.pageCluster,
        swappiness: capture.swappiness ?? 60,
        reserved: (capture.reservedPages ?? RECORDER_PAGES) * PAGE_SIZE,
        filePages: capture.filePages ?? RECORDER_FILE_PAGES,
      },
      zswap:
        zswap === null
          ? { enabled: false }
          : {
              enabled: true,
              compressor: zswap.compressor,
              maxPoolPercent: zswap.maxPoolPercent,
              acceptThresholdPercent: zswap.acceptThresholdPercent ?? 90,
              writebackBatch: 'kernel',
              // Under version 1 it finds nothing, switched on or off.
              shrinkerEnabled: cgroupVersion === 2 && zswap.shrinkerEnabled === true,
            },
      workload: { trace, source: where },
    },
    where,
  );
  const device = createDevice(capture, payload);
  const area: PreparedArea = {
    type: 0,
    name: 'swap',
    kind: backend.endsWith('file') ? 'file' : 'partition',
    maxPages: device.sizeBytes / PAGE_SIZE,
    badPages: [],
    priority: -2,
    profile: profileOf(capture),
    device,
    problem: () => null,
  };
  const workload = new TraceWorkload(parseTrace(trace, where), { file: null });
  const zram: ReplayedPhase['zram'][] = [];
  const result = await new Machine(spec, [area], workload, host).run({
    onPhase: () => {
      zram.push(device instanceof ZramDevice ? figures(device) : null);
    },
  });
  const phases = result.phases.map((phase, index): ReplayedPhase => ({
    counters: phase.counters,
    swapped: phase.swapped,
    zswap: phase.zswap,
    zram: zram[index]!,
  }));
  return { phases, result };
}

function figures(device: ZramDevice): ReplayedPhase['zram'] {
  const { comprDataBytes, memUsedBytes } = device.stat();
  return { compressedBytes: comprDataBytes, usedBytes: memUsedBytes };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What a device costs in time; whether any rotates decides how readahead looks for neighbours. */
function profileOf({ backend, provenance }: Capture): string {
  if (backend === 'zram' || provenance?.rotational === undefined) return PROFILES[backend];
  return provenance.rotational === true ? 'hdd' : 'nvme';
}

function createDevice(capture: Capture, payload: 'bytes' | 'none'): BlockDevice {
  const sizeBytes = capture.swapMiB * MIB;
  const name = 'swap';
  if (payload === 'none') return new NullDevice({ name, sizeBytes });
  if (capture.backend !== 'zram') return new MemoryDevice({ name, sizeBytes });
  return createZram({ name, sizeBytes, compressors: ['lz4'], seed: 1 });
}
