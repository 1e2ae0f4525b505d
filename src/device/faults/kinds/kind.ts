/** What a kind of fault is: one object, found in the registry by its name. */
import type { RandomStream } from '../../../engine/index.ts';
import { PAGE_SIZE, type Outcome } from '../../../units/index.ts';
import type { DamageDevice, RawDevice } from '../damage-device.ts';
import type { FaultLedger, OpenFault } from '../fault-ledger.ts';
import type { FaultRule } from '../fault-rule.ts';

/** A read or write at hand, of pages or of sectors. */
export interface Transfer {
  readonly isWrite: boolean;
  readonly offset: number;
  readonly lengthBytes: number;
  /** Of a transfer of pages; otherwise null, and `buffer` is not. */
  readonly pages: readonly Uint8Array[] | null;
  readonly buffer: Uint8Array | null;
  readonly nowNs: number;
}

/** Pages of the device that are hit. */
export interface Extent {
  readonly first: number;
  readonly count: number;
}

/** The device of a rule, as its kind sees it. */
export interface FaultHost {
  readonly sizeBytes: number;
  readonly rule: FaultRule;
  readonly ledger: FaultLedger;
  readonly damage: DamageDevice;
  readonly raw: RawDevice;
  readonly stream: RandomStream;
  readonly hasBytes: boolean;
  /** The device answers nothing any more. */
  isGone: boolean;
  /** It answers nothing before this time. */
  stalledUntilNs: number;
  /** What the transfer at hand takes longer. */
  extraNs: number;
  /** The rule fires at an extent of the transfer. */
  fire(extent: Extent): OpenFault;
  /** Hands a transfer on, with these bytes where there are any. */
  pass(transfer: Transfer, data?: Uint8Array | null): Outcome;
  /** What the device holds at a range now, by a look that takes no time; empty without bytes. */
  stored(offset: number, lengthBytes: number): Buffer;
}

export interface FaultKindDefinition {
  /** Transfers that count, and can be hit. */
  readonly about: 'read' | 'write' | 'any';
  /** Does to a transfer what the fault does. @returns what the caller is told */
  apply(device: FaultHost, transfer: Transfer, extents: readonly Extent[]): Outcome;
}

/** The bytes of a write in one piece of their own; empty with payload none. */
export function bytesOf(device: FaultHost, transfer: Transfer): Buffer {
  const { lengthBytes, pages, buffer } = transfer;
  const bytes = Buffer.alloc(device.hasBytes ? lengthBytes : 0);
  if (!device.hasBytes) return bytes;
  if (buffer !== null) bytes.set(buffer.subarray(0, lengthBytes));
  else for (let i = 0; i * PAGE_SIZE < lengthBytes; i++) bytes.set(pages![i]!, i * PAGE_SIZE);
  return bytes;
}

/** All that was hit, as one extent for a fault that is about the whole transfer. */
export function whole(extents: readonly Extent[]): Extent {
  const count = extents.reduce((sum, extent) => sum + extent.count, 0);
  return { first: extents[0]!.first, count };
}
