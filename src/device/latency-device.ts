/**
 * Virtual time for another device's transfers: when would this I/O be done, if the device were what
 * its profile says?
 *
 * An I/O holds one channel for its own latency (fixed part, its bytes at the channel's rate, seek
 * and rotation, a rare stall), and the link that all channels share for its bytes at the device's
 * rate; it is done when both are. So one I/O at a time takes the first, many at a time are bounded
 * by channels or bandwidth, whichever is scarcer.
 *
 * Kernel counterpart: none; this stands for the hardware. Simplified on purpose: I/Os are served in
 * the order of submission (no elevator, no NCQ), a seek takes its mean however far it goes, a
 * turning disk's cache does not hide its writes, and flash does not slow down with age: the model of
 * its wear (`ftl/`) listens here and says what is written, not how long that takes.
 */
import { Server, type RandomStream } from '../engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../units/index.ts';
import type { BlockDevice } from './block-device.ts';
import type { DeviceProfile, DirectionProfile } from './device-profile.ts';
import { EraseBlockTally } from './erase-block-tally.ts';
import { FlashWear } from './ftl/flash-wear.ts';

const NS_PER_SECOND = 1e9;

/** The numbers of one direction of a profile, out of their wrapping. */
interface Timing {
  readonly fixedNs: number;
  readonly channelNsPerByte: number;
  readonly sequentialNsPerByte: number;
  readonly randomNsPerByte: number;
  readonly tailProbability: number;
  readonly tailNs: number;
}

export class LatencyDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  /** Of all writes, those that failed among them: the device has tried. */
  readonly eraseBlocks: EraseBlockTally = new EraseBlockTally();
  /** What writes do to the flash of this device, or of the one inside; null where there is none. */
  readonly wear: FlashWear | null;
  readonly #inner: BlockDevice;
  readonly #flash: FlashWear | null;
  readonly #stream: RandomStream;
  readonly #read: Timing;
  readonly #write: Timing;
  readonly #seekNs: number;
  readonly #rotationNs: number;
  readonly #channels: readonly Server[];
  readonly #link = new Server();
  /** Where the latest transfer ended; -1 before the first one. Flash follows a stream of each. */
  #readEndBytes = -1;
  #writeEndBytes = -1;
  #completionNs = 0;

  /**
   * @param inner - does the transfers
   * @param profile - says how long they take, whether the device turns and is synchronous
   * @param stream - draws the stalls and a disk's angle; this device's own
   * @param freeShare - part of the flash drive around it that is free (`FlashWear`)
   */
  constructor(inner: BlockDevice, profile: DeviceProfile, stream: RandomStream, freeShare = 0) {
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.rotational = profile.rotational;
    this.synchronous = profile.synchronous;
    this.#flash =
      profile.flash === undefined ? null : new FlashWear(profile.flash, inner.sizeBytes, freeShare);
    this.wear = this.#flash ?? inner.wear ?? null;
    this.#inner = inner;
    this.#stream = stream;
    this.#read = timingOf(profile.read);
    this.#write = timingOf(profile.write);
    this.#seekNs = profile.positioning?.seekNs.value ?? 0;
    this.#rotationNs = profile.positioning?.rotationNs.value ?? 0;
    this.#channels = Array.from({ length: profile.channels.value }, () => new Server());
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  read(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    const outcome = this.#inner.read(offsetBytes, pages, pageCount, nowNs);
    this.#serveRead(offsetBytes, pageCount * PAGE_SIZE, nowNs);
    return outcome;
  }

  write(
    offsetBytes: number,
    pages: readonly Uint8Array[],
    pageCount: number,
    nowNs: number,
  ): Outcome {
    const outcome = this.#inner.write(offsetBytes, pages, pageCount, nowNs);
    this.#flash?.noteWrite(offsetBytes, pageCount * PAGE_SIZE, outcome === 'ok');
    this.#serveWrite(offsetBytes, pageCount * PAGE_SIZE, nowNs);
    return outcome;
  }

  /** Takes the time of its bytes: less than a page's, by what is fixed for each I/O. */
  readSectors(
    offsetBytes: number,
    target: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome {
    const outcome = this.#inner.readSectors(offsetBytes, target, lengthBytes, nowNs);
    this.#serveRead(offsetBytes, lengthBytes, nowNs);
    return outcome;
  }

  writeSectors(
    offsetBytes: number,
    source: Uint8Array,
    lengthBytes: number,
    nowNs: number,
  ): Outcome {
    const outcome = this.#inner.writeSectors(offsetBytes, source, lengthBytes, nowNs);
    this.#flash?.noteWrite(offsetBytes, lengthBytes, outcome === 'ok');
    this.#serveWrite(offsetBytes, lengthBytes, nowNs);
    return outcome;
  }

  /** Takes no virtual time. */
  discard(offsetBytes: number, lengthBytes: number, nowNs: number): Outcome {
    const outcome = this.#inner.discard(offsetBytes, lengthBytes, nowNs);
    if (outcome === 'ok') this.#flash?.noteDiscard(offsetBytes, lengthBytes);
    return outcome;
  }

  flush(): Outcome {
    return this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }

  #serveRead(offsetBytes: number, lengthBytes: number, nowNs: number): void {
    const isSequential = offsetBytes === this.#readEndBytes;
    this.#readEndBytes = offsetBytes + lengthBytes;
    // One head serves both directions.
    if (this.rotational) this.#writeEndBytes = this.#readEndBytes;
    this.#serve(this.#read, lengthBytes, isSequential, nowNs);
  }

  #serveWrite(offsetBytes: number, lengthBytes: number, nowNs: number): void {
    const isSequential = offsetBytes === this.#writeEndBytes;
    this.#writeEndBytes = offsetBytes + lengthBytes;
    this.eraseBlocks.note(offsetBytes, lengthBytes);
    if (this.rotational) this.#readEndBytes = this.#writeEndBytes;
    this.#serve(this.#write, lengthBytes, isSequential, nowNs);
  }

  /** A transfer that failed takes the time of one that did not: the device has tried. */
  #serve(timing: Timing, lengthBytes: number, isSequential: boolean, nowNs: number): void {
    let holdNs = timing.fixedNs + lengthBytes * timing.channelNsPerByte;
    if (!isSequential && this.rotational)
      holdNs += this.#seekNs + this.#stream.fraction() * this.#rotationNs;
    if (timing.tailProbability > 0 && this.#stream.fraction() < timing.tailProbability)
      holdNs += timing.tailNs;
    const linkNs =
      lengthBytes * (isSequential ? timing.sequentialNsPerByte : timing.randomNsPerByte);
    // Whole nanoseconds, as the kernel's clocks and the histograms have them.
    // What the inner device waits for itself (zram: its backing device) comes on top.
    this.#completionNs =
      Math.max(
        this.#earliestChannel().serve(nowNs, Math.round(holdNs)),
        this.#link.serve(nowNs, Math.round(linkNs)),
      ) + Math.max(0, this.#inner.completionNs - nowNs);
  }

  #earliestChannel(): Server {
    let earliest = this.#channels[0]!;
    for (let i = 1; i < this.#channels.length; i++)
      if (this.#channels[i]!.freeAtNs < earliest.freeAtNs) earliest = this.#channels[i]!;
    return earliest;
  }
}

function timingOf(profile: DirectionProfile): Timing {
  return {
    fixedNs: profile.fixedNs.value,
    channelNsPerByte: NS_PER_SECOND / profile.channelBytesPerSecond.value,
    sequentialNsPerByte: NS_PER_SECOND / profile.sequentialBytesPerSecond.value,
    randomNsPerByte: NS_PER_SECOND / profile.randomBytesPerSecond.value,
    tailProbability: profile.tail?.probability.value ?? 0,
    tailNs: profile.tail?.extraNs.value ?? 0,
  };
}
