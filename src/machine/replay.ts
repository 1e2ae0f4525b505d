/** Replays a capture on the machine that it describes. */
import { createCompressor } from '../codec/index.ts';
import { MemoryDevice, NullDevice, ZramDevice, type BlockDevice } from '../device/index.ts';
import { CostProfile, Engine } from '../engine/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import { parseTrace, TraceWorkload } from '../workload/index.ts';
import type { PreparedArea } from './areas.ts';
import type { ReplayedPhase } from './agreement.ts';
import type { Capture } from './capture.ts';
import { Machine, type RecordedHost } from './machine.ts';
import type { RunResult } from './run-result.ts';
import { parseSpec } from './spec.ts';

/** Pages of the recorder's own in the cgroup. @source fixtures/kernel/README.md: 70 to 110 */
const RECORDER_PAGES = 90;
/** Memory of the machine that recorded, where nothing depends on it. */
const RAM = '24G';
/** What stands for the backends of captures, as far as time goes. */
const PROFILES = {
  file: 'hdd',
  ssd: 'nvme',
  zram: 'zram',
  'zswap-ssd': 'nvme',
  'zswap-file': 'hdd',
} as const;

export interface Replay {
  readonly phases: readonly ReplayedPhase[];
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
  host: RecordedHost | null = null,
): Promise<Replay> {
  const { zswap, backend } = capture;
  const trace = `${capture.trace.join('\n')}\n`;
  const spec = parseSpec(
    {
      payload,
      design: 'swap-table',
      machine: {
        memory: capture.limitMiB * 1024 * 1024,
        ram: zswap === null ? RAM : zswap.memTotalKiB * 1024,
        pageCluster: capture.pageCluster,
        reserved: (capture.reservedPages ?? RECORDER_PAGES) * PAGE_SIZE,
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
    profile: PROFILES[backend],
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

function createDevice(capture: Capture, payload: 'bytes' | 'none'): BlockDevice {
  const sizeBytes = capture.swapMiB * 1024 * 1024;
  const name = 'swap';
  if (payload === 'none') return new NullDevice({ name, sizeBytes });
  if (capture.backend !== 'zram') return new MemoryDevice({ name, sizeBytes });
  // What zram itself does costs its device profile's time: its own events are not the machine's.
  const engine = new Engine({
    seed: 1,
    cpuCount: 1,
    costs: new CostProfile({ name: 'none', description: '', prices: {} }),
  });
  return new ZramDevice({ name, sizeBytes, engine, compressor: createCompressor('lz4', 'zram') });
}
