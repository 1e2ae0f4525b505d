/**
 * One rule of faults around a device, or around the device of the next rule: decides which transfers
 * are hit, and leaves what then happens to the rule's kind.
 *
 * Stands above the model of time and below checksums and location maps, so that damage is damage of
 * the medium. A transfer that fails or is lost takes the time of one that is not.
 */
import type { Engine, RandomStream } from '../../engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../units/index.ts';
import type { BlockDevice } from '../block-device.ts';
import type { DamageDevice, RawDevice } from './damage-device.ts';
import type { FaultLedger, OpenFault } from './fault-ledger.ts';
import type { FaultRule } from './fault-rule.ts';
import {
  faultKinds,
  type FaultHost,
  type Extent,
  type FaultKindDefinition,
  type Transfer,
} from './kinds/index.ts';
import { readRaw } from './raw-bytes.ts';

export interface FaultDeviceOptions {
  /** The device of the next rule, or `damage`. */
  readonly inner: BlockDevice;
  readonly rule: FaultRule;
  /** Place of the rule in its list. */
  readonly index: number;
  readonly engine: Engine;
  readonly ledger: FaultLedger;
  readonly damage: DamageDevice;
  readonly raw: RawDevice;
  /** Draws for this rule on this area. */
  readonly stream: RandomStream;
  readonly hasBytes: boolean;
}

export class FaultDevice implements BlockDevice, FaultHost {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  readonly rule: FaultRule;
  readonly ledger: FaultLedger;
  readonly damage: DamageDevice;
  readonly raw: RawDevice;
  readonly stream: RandomStream;
  readonly hasBytes: boolean;
  isGone = false;
  stalledUntilNs = 0;
  extraNs = 0;
  readonly #inner: BlockDevice;
  readonly #index: number;
  readonly #engine: Engine;
  readonly #kind: FaultKindDefinition;
  /** Matching operations so far. */
  #operations = 0;
  #timesLeft: number;
  /** Pages before the next one that is drawn. */
  #untilHit = 0;
  #completionNs = 0;

  constructor(options: FaultDeviceOptions) {
    const { inner, rule } = options;
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.rotational = inner.rotational;
    this.synchronous = inner.synchronous;
    this.rule = rule;
    this.ledger = options.ledger;
    this.damage = options.damage;
    this.raw = options.raw;
    this.stream = options.stream;
    this.hasBytes = options.hasBytes;
    this.#inner = inner;
    this.#index = options.index;
    this.#engine = options.engine;
    this.#kind = faultKinds[rule.kind];
    this.#timesLeft = rule.times ?? timesOf(rule);
    this.#drawNext();
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  read(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    const lengthBytes = pageCount * PAGE_SIZE;
    return this.#transfer({ isWrite: false, offset, lengthBytes, pages, buffer: null, nowNs });
  }

  write(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    const lengthBytes = pageCount * PAGE_SIZE;
    return this.#transfer({ isWrite: true, offset, lengthBytes, pages, buffer: null, nowNs });
  }

  readSectors(offset: number, buffer: Uint8Array, lengthBytes: number, nowNs: number): Outcome {
    return this.#transfer({ isWrite: false, offset, lengthBytes, pages: null, buffer, nowNs });
  }

  writeSectors(offset: number, buffer: Uint8Array, lengthBytes: number, nowNs: number): Outcome {
    return this.#transfer({ isWrite: true, offset, lengthBytes, pages: null, buffer, nowNs });
  }

  discard(offset: number, lengthBytes: number, nowNs: number): Outcome {
    return this.isGone ? 'EIO' : this.#inner.discard(offset, lengthBytes, nowNs);
  }

  flush(): Outcome {
    return this.isGone ? 'EIO' : this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }

  // --- FaultHost: for the kinds -------------------------------------------------------------------------

  fire(extent: Extent): OpenFault {
    this.#timesLeft -= 1;
    return this.ledger.fire({
      rule: this.#index,
      kind: this.rule.kind,
      area: this.name,
      slot: extent.first,
      pages: extent.count,
      timeNs: this.#engine.nowNs,
    });
  }

  pass(transfer: Transfer, data: Uint8Array | null = null): Outcome {
    const { isWrite, offset, lengthBytes, nowNs } = transfer;
    if (transfer.buffer !== null) {
      const buffer = data ?? transfer.buffer;
      return isWrite
        ? this.#inner.writeSectors(offset, buffer, lengthBytes, nowNs)
        : this.#inner.readSectors(offset, buffer, lengthBytes, nowNs);
    }
    const pages = data === null ? transfer.pages! : pagesOf(data);
    return isWrite
      ? this.#inner.write(offset, pages, lengthBytes / PAGE_SIZE, nowNs)
      : this.#inner.read(offset, pages, lengthBytes / PAGE_SIZE, nowNs);
  }

  stored(offset: number, lengthBytes: number): Buffer {
    const bytes = Buffer.alloc(this.hasBytes ? lengthBytes : 0);
    if (this.hasBytes) readRaw(this.raw, offset, bytes, this.#engine.nowNs);
    return bytes;
  }

  // --- Which transfers are hit ---------------------------------------------------------------

  #transfer(given: Transfer): Outcome {
    if (this.ledger.isPaused) {
      const looked = this.pass(given);
      this.#completionNs = this.#inner.completionNs;
      return looked;
    }
    const nowNs = Math.max(given.nowNs, this.stalledUntilNs);
    const transfer = nowNs === given.nowNs ? given : { ...given, nowNs };
    this.extraNs = 0;
    if (this.isGone) {
      this.#completionNs = nowNs;
      return 'EIO';
    }
    const extents = this.#hits(transfer);
    const outcome =
      extents === null ? this.pass(transfer) : this.#kind.apply(this, transfer, extents);
    // A transfer that has not reached the device is over at once.
    this.#completionNs = Math.max(nowNs, this.#inner.completionNs) + this.extraNs;
    return outcome;
  }

  /** What the rule hits of a transfer; null for nothing. */
  #hits(transfer: Transfer): Extent[] | null {
    const { about } = this.#kind;
    if (about !== 'any' && (about === 'write') !== transfer.isWrite) return null;
    this.#operations += 1;
    if (this.#timesLeft <= 0) return null;
    // The header is no page of anybody.
    const first = Math.max(1, Math.floor(transfer.offset / PAGE_SIZE));
    const end = Math.ceil((transfer.offset + transfer.lengthBytes) / PAGE_SIZE);
    if (first >= end) return null;
    const { address } = this.rule;
    switch (address.by) {
      case 'ppm':
        return this.#drawn(first, end);
      case 'page':
        return address.slot >= first && address.slot < end
          ? [{ first: address.slot, count: 1 }]
          : null;
      case 'nth': {
        const { nth, every } = address;
        const past = this.#operations - nth;
        const isHit = past === 0 || (every !== null && past > 0 && past % every === 0);
        return isHit ? [{ first, count: end - first }] : null;
      }
      case 'time':
        return this.#engine.nowNs >= address.atNs ? [{ first, count: end - first }] : null;
      case 'operation':
        return this.ledger.hooks.operation() >= address.operation
          ? [{ first, count: end - first }]
          : null;
    }
  }

  #drawn(first: number, end: number): Extent[] | null {
    const count = end - first;
    if (this.#untilHit >= count) {
      this.#untilHit -= count;
      return null;
    }
    const extents: Extent[] = [];
    let at = 0;
    while (at + this.#untilHit < count) {
      at += this.#untilHit + 1;
      if (extents.length < this.#timesLeft) extents.push({ first: first + at - 1, count: 1 });
      this.#drawNext();
    }
    this.#untilHit -= count - at;
    return extents;
  }

  /** How many pages are spared before the next: one draw a hit, not one a page. */
  #drawNext(): void {
    const { address } = this.rule;
    if (address.by !== 'ppm') return;
    const spared = Math.log1p(-this.stream.fraction()) / Math.log1p(-address.ppm / 1e6);
    this.#untilHit = address.ppm >= 1e6 ? 0 : Math.floor(spared);
  }
}

function timesOf({ address }: FaultRule): number {
  const isOnce =
    address.by === 'time' ||
    address.by === 'operation' ||
    (address.by === 'nth' && address.every === null);
  return isOnce ? 1 : Infinity;
}

function pagesOf(data: Uint8Array): Uint8Array[] {
  return Array.from({ length: data.length / PAGE_SIZE }, (_, i) =>
    data.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
  );
}
