/** The numbers of one direction of a profile, each from the job that tells it. */
import { PAGE_SIZE, UsageError } from '../../units/index.ts';
import type { DeviceProfile, DirectionProfile } from '../device-profile.ts';
import type { SourcedNumber } from '../sourced-number.ts';
import type { FioDocument, FioJob, FioLatency } from './document.ts';

export type Direction = FioJob['direction'];

/** Numbers that reads or writes were measured to have, before channels and link are told apart. */
export interface Numbers {
  readonly fixedNs: SourcedNumber;
  readonly channel: SourcedNumber;
  readonly sequential: SourcedNumber;
  readonly random: SourcedNumber;
  readonly tail: DirectionProfile['tail'];
  /** Pages in flight at the depth that reaches most; null where none was measured. */
  readonly deep: DeepJob | null;
}

export interface DeepJob {
  readonly iops: number;
  /** At queue depth 1. */
  readonly latencyNs: number;
  readonly inFlight: number;
  readonly source: string;
}

/** What jobs are looked for, in words and in fio's options; a block of `S` is any above 4 KiB. */
const WANTED = {
  any: ['random I/O of 4 KiB at queue depth 1', 'randread', 'bs=4k', 'iodepth=1'],
  latency: ['random I/O of 4 KiB at queue depth 1', 'rand', 'bs=4k', 'iodepth=1'],
  large: ['random I/O of large blocks at queue depth 1', 'rand', 'bs=128k', 'iodepth=1'],
  deep: ['random I/O of 4 KiB at a queue depth above 1', 'rand', 'bs=4k', 'iodepth=16'],
  sequential: ['sequential I/O', '', 'bs=128k', 'iodepth=16'],
} as const;
type Wanted = keyof typeof WANTED;

/** A stall takes so many medians longer, or more; what is shorter is in the mean. assumed */
const STALL_MEDIANS = 10;

/** What is more often than that is no rare stall, percent. assumed */
const RARE_RANK = 99;

/** I/Os that a percentile must have beyond it before it is believed. assumed */
const BEYOND_MIN = 4;

/** The jobs of a document by what they tell, with another profile behind them. */
export class FioJobs {
  readonly #document: FioDocument;
  readonly #where: string;
  readonly #like: DeviceProfile | null;

  constructor(
    document: FioDocument,
    { where, like }: { readonly where: string; readonly like: DeviceProfile | null },
  ) {
    this.#document = document;
    this.#where = where;
    this.#like = like;
  }

  hasAny(): boolean {
    return this.#document.jobs.some((job) => isLatency(job) || !job.isRandom);
  }

  /** Latencies at queue depth 1 in a sentence. */
  summary(): string {
    const parts = (['read', 'write'] as const).flatMap((direction) => {
      const job = this.#jobs(direction).find(isLatency);
      return job === undefined
        ? []
        : [`${direction}s of 4 KiB in ${(job.latency.meanNs / 1000).toFixed(1)} us`];
    });
    return [...parts, 'one at a time'].join(', ');
  }

  /** @throws UsageError that says which job is needed */
  missing(direction: Direction, wanted: Wanted): never {
    const [words, kind, ...options] = WANTED[wanted];
    const rw = wanted === 'any' ? 'randread' : `${kind}${direction}`;
    throw new UsageError(
      `${this.#where}: no job of ${direction}s: ${words} (rw=${rw}, ${options.join(', ')}); ` +
        'all that are needed: swaplab device profile --fio-command; or take what is missing from ' +
        'another profile: --like NAME',
    );
  }

  /** All numbers of a direction of a device that does not turn. */
  numbers(direction: Direction): Numbers {
    const base = this.#like?.[direction];
    const small = this.#jobs(direction).find(isLatency);
    if (small === undefined)
      return this.#inherit(direction, this.#need(direction, 'latency', base));
    const { latency } = small;
    const source = this.#source(small, `${latency.key} mean`);
    const sequential = this.sequential(direction);
    const channel = this.#channel(direction, small, sequential);
    const tail = this.#tail(small);
    const transferNs = (PAGE_SIZE / channel.value) * 1e9;
    const stallNs = tail === undefined ? 0 : tail.probability.value * tail.extraNs.value;
    const deep = this.#deep(direction, small);
    return {
      fixedNs: {
        value: Math.max(0, Math.round(latency.meanNs - transferNs - stallNs)),
        source: `derived: less transfer and stalls; ${source}`,
      },
      ...{ channel, sequential, tail, deep },
      random: this.#random(direction),
    };
  }

  /** Mean latency of one I/O of 4 KiB elsewhere. */
  latency(direction: Direction): { readonly meanNs: number; readonly source: string } {
    const job = this.#jobs(direction).find(isLatency) ?? this.missing(direction, 'latency');
    const { key, meanNs } = job.latency;
    return { meanNs, source: this.#source(job, `${key} mean`) };
  }

  /** What is moved in order, at most. */
  sequential(direction: Direction): SourcedNumber {
    const [best] = byBandwidth(this.#jobs(direction).filter((job) => !job.isRandom));
    if (best !== undefined)
      return { value: Math.round(best.bytesPerSecond), source: this.#source(best, 'bw') };
    const base = this.#need(direction, 'sequential', this.#like?.[direction]);
    return asIn(this.#like!, base.sequentialBytesPerSecond);
  }

  #random(direction: Direction): SourcedNumber {
    const [best] = byBandwidth(this.#jobs(direction).filter((job) => job.isRandom));
    return { value: Math.round(best!.bytesPerSecond), source: this.#source(best!, 'bw') };
  }

  /** By how much longer a large block takes than a small one. */
  #channel(direction: Direction, small: FioJob, sequential: SourcedNumber): SourcedNumber {
    const larger = this.#jobs(direction).filter(
      (job) => job.isRandom && job.depth === 1 && job.blockBytes > PAGE_SIZE,
    );
    const large = larger.sort((a, b) => b.blockBytes - a.blockBytes)[0];
    if (large === undefined)
      return asIn(
        this.#like!,
        this.#need(direction, 'large', this.#like?.[direction]).channelBytesPerSecond,
      );
    const extraNs = large.latency.meanNs - small.latency.meanNs;
    if (extraNs <= 0)
      return {
        value: sequential.value,
        source: `assumed: large blocks take no longer; ${sequential.source}`,
      };
    const kinds = `${large.blockBytes / 1024} KiB against 4 KiB at queue depth 1`;
    return {
      value: Math.round(((large.blockBytes - PAGE_SIZE) / extraNs) * 1e9),
      source: `derived: ${kinds}; ${this.#source(large, `${large.latency.key} mean`)}`,
    };
  }

  #deep(direction: Direction, small: FioJob): DeepJob | null {
    const deep = this.#jobs(direction).filter(
      (job) => job.isRandom && job.depth > 1 && job.blockBytes === PAGE_SIZE,
    );
    const [best] = byBandwidth(deep);
    if (best === undefined) {
      this.#need(direction, 'deep', this.#like?.[direction]);
      return null;
    }
    const { iops } = best;
    const latencyNs = small.latency.meanNs;
    return {
      iops,
      latencyNs,
      inFlight: (iops * latencyNs) / 1e9,
      source: this.#source(best, 'iops'),
    };
  }

  /** The percentile that adds most to the mean; none where no I/O is much slower than the rest. */
  #tail(small: FioJob): DirectionProfile['tail'] {
    if (!tellsStalls(small)) return this.#tailAsIn(this.#like?.[small.direction]);
    const stall = worstStall(small.latency);
    if (stall === null) return undefined;
    const source = this.#source(small, `${small.latency.percentilesKey} p${stall.rank}`);
    return {
      probability: { value: stall.probability, source: `derived: 1 - rank; ${source}` },
      extraNs: { value: stall.extraNs, source: `derived: less the median; ${source}` },
    };
  }

  #tailAsIn(base: DirectionProfile | undefined): DirectionProfile['tail'] {
    return (
      base?.tail && {
        probability: asIn(this.#like!, base.tail.probability),
        extraNs: asIn(this.#like!, base.tail.extraNs),
      }
    );
  }

  /** All of a direction as another profile has it. */
  #inherit(direction: Direction, base: DirectionProfile): Numbers {
    const { fixedNs, channelBytesPerSecond, sequentialBytesPerSecond, randomBytesPerSecond } = base;
    const measured = this.#jobs(direction).some((job) => !job.isRandom);
    return {
      fixedNs: asIn(this.#like!, fixedNs),
      channel: asIn(this.#like!, channelBytesPerSecond),
      sequential: measured
        ? this.sequential(direction)
        : asIn(this.#like!, sequentialBytesPerSecond),
      random: asIn(this.#like!, randomBytesPerSecond),
      ...{ tail: this.#tailAsIn(base), deep: null },
    };
  }

  /** @throws UsageError where there is no other profile either */
  #need(
    direction: Direction,
    wanted: Wanted,
    base: DirectionProfile | undefined,
  ): DirectionProfile {
    return base ?? this.missing(direction, wanted);
  }

  #jobs(direction: Direction): FioJob[] {
    return this.#document.jobs.filter((job) => job.direction === direction);
  }

  #source({ name }: FioJob, key: string): string {
    return `${this.#document.version}, job ${name}, ${key}`;
  }
}

/** A number of another profile: nobody has measured it on this device. */
export function asIn({ name }: DeviceProfile, { value, source }: SourcedNumber): SourcedNumber {
  return { value, source: `assumed: as ${name} (${source})` };
}

function isLatency(job: FioJob): boolean {
  return job.isRandom && job.depth === 1 && job.blockBytes === PAGE_SIZE;
}

/** Are there the median and a rare percentile? */
function tellsStalls({ latency: { percentiles } }: FioJob): boolean {
  const ranks = percentiles.map(({ rank }) => rank);
  return ranks.includes(50) && ranks.some((rank) => rank >= RARE_RANK);
}

/** The jobs that tell latencies, but of whose percentiles no stall can be seen. */
export function jobsWithoutStalls({ jobs }: FioDocument): readonly FioJob[] {
  return (['read', 'write'] as const).flatMap((direction) => {
    const job = jobs.find((each) => each.direction === direction && isLatency(each));
    return job === undefined || tellsStalls(job) ? [] : [job];
  });
}

function byBandwidth(jobs: readonly FioJob[]): FioJob[] {
  return [...jobs].sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
}

interface Stall {
  readonly rank: number;
  readonly probability: number;
  readonly extraNs: number;
}

/** @param latency - of a job that `tellsStalls` */
function worstStall({ percentiles, count }: FioLatency): Stall | null {
  const median = percentiles.find(({ rank }) => rank === 50)!.ns;
  const stalls = percentiles
    .map(({ rank, ns }): Stall => ({
      rank,
      // 100 - 99.99 is not 0.01 in binary.
      probability: Number((1 - rank / 100).toFixed(9)),
      extraNs: ns - median,
    }))
    .filter(
      ({ rank, probability, extraNs }) =>
        rank >= RARE_RANK && probability * count >= BEYOND_MIN && extraNs >= STALL_MEDIANS * median,
    );
  return stalls.sort((a, b) => b.probability * b.extraNs - a.probability * a.extraNs)[0] ?? null;
}
