/**
 * The lowest of an area's fault devices: knows which sectors of the device under it do not hold what
 * was acknowledged, sees who reads them, and lets go of them when they are rewritten or discarded.
 * Damage is rare, so it is kept in a map by page.
 */
import { assert, PAGE_SIZE, type Outcome } from '../../units/index.ts';
import { SECTOR_SIZE, type BlockDevice } from '../block-device.ts';
import type { DamageSite, FaultLedger, OpenFault } from './fault-ledger.ts';

const SECTORS_PER_PAGE = PAGE_SIZE / SECTOR_SIZE;
/** The device below the model of time, where bytes can be looked at and put without a transfer. */
export type RawDevice = Pick<BlockDevice, 'read' | 'write' | 'readSectors' | 'writeSectors'>;

export class DamageDevice implements BlockDevice {
  readonly name: string;
  readonly sizeBytes: number;
  readonly rotational: boolean;
  readonly synchronous: boolean;
  readonly #inner: BlockDevice;
  readonly #ledger: FaultLedger;
  readonly #sites = new Map<number, DamageSite[]>();
  #completionNs = 0;

  constructor(inner: BlockDevice, ledger: FaultLedger) {
    this.name = inner.name;
    this.sizeBytes = inner.sizeBytes;
    this.rotational = inner.rotational;
    this.synchronous = inner.synchronous;
    this.#inner = inner;
    this.#ledger = ledger;
  }

  get completionNs(): number {
    return this.#completionNs;
  }

  /** All sites of the device. */
  *sites(): Iterable<DamageSite> {
    for (const sites of this.#sites.values()) yield* sites;
  }

  /** Notes what a fault has done to sectors of a page. */
  damage(fault: OpenFault, page: number, sectors: number, isLatent = false): void {
    assert(page > 0, 'faults of our own never damage the header');
    if (sectors === 0) return;
    const site = this.#ledger.addSite(fault, sectors, isLatent);
    const sites = this.#sites.get(page);
    if (sites === undefined) this.#sites.set(page, [site]);
    else sites.push(site);
  }

  /** A range holds what it must again, or nothing that anybody wants. */
  superseded(offset: number, lengthBytes: number): void {
    if (this.#sites.size === 0) return;
    const end = offset + lengthBytes;
    for (let page = Math.floor(offset / PAGE_SIZE); page * PAGE_SIZE < end; page++) {
      const sites = this.#sites.get(page);
      if (sites === undefined) continue;
      const covered = sectorsIn(page, offset, end);
      const left = sites.filter((site) => {
        site.sectors &= ~covered;
        if (site.sectors === 0) this.#ledger.gone(site);
        return site.sectors !== 0;
      });
      if (left.length === 0) this.#sites.delete(page);
      else this.#sites.set(page, left);
    }
  }

  read(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    const outcome = this.#inner.read(offset, pages, pageCount, nowNs);
    return this.#readEnded(offset, pageCount * PAGE_SIZE, outcome);
  }

  write(offset: number, pages: readonly Uint8Array[], pageCount: number, nowNs: number): Outcome {
    const outcome = this.#inner.write(offset, pages, pageCount, nowNs);
    return this.#writeEnded(offset, pageCount * PAGE_SIZE, outcome);
  }

  readSectors(offset: number, target: Uint8Array, length: number, nowNs: number): Outcome {
    const outcome = this.#inner.readSectors(offset, target, length, nowNs);
    return this.#readEnded(offset, length, outcome);
  }

  writeSectors(offset: number, source: Uint8Array, length: number, nowNs: number): Outcome {
    const outcome = this.#inner.writeSectors(offset, source, length, nowNs);
    return this.#writeEnded(offset, length, outcome);
  }

  discard(offset: number, lengthBytes: number, nowNs: number): Outcome {
    this.superseded(offset, lengthBytes);
    return this.#inner.discard(offset, lengthBytes, nowNs);
  }

  /** For plain areas: where a slot is a page of the device. */
  slotFreed(slot: number): void {
    this.superseded(slot * PAGE_SIZE, PAGE_SIZE);
  }

  flush(): Outcome {
    return this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }

  /** @returns EIO where a sector on the way cannot be read */
  #readEnded(offset: number, lengthBytes: number, outcome: Outcome): Outcome {
    this.#completionNs = this.#inner.completionNs;
    if (this.#sites.size === 0 || outcome !== 'ok') return outcome;
    const end = offset + lengthBytes;
    let isLatent = false;
    for (let page = Math.floor(offset / PAGE_SIZE); page * PAGE_SIZE < end; page++) {
      const sites = this.#sites.get(page);
      if (sites === undefined) continue;
      const wanted = sectorsIn(page, offset, end);
      for (const site of sites) {
        if ((site.sectors & wanted) === 0) continue;
        this.#ledger.met(site);
        isLatent ||= site.isLatent;
      }
    }
    return isLatent ? 'EIO' : outcome;
  }

  #writeEnded(offset: number, lengthBytes: number, outcome: Outcome): Outcome {
    this.#completionNs = this.#inner.completionNs;
    if (outcome === 'ok') this.superseded(offset, lengthBytes);
    return outcome;
  }
}

/** A bit for each sector of a page that a range of bytes covers. */
export function sectorsIn(page: number, start: number, end: number): number {
  const from = Math.max(0, (start - page * PAGE_SIZE) / SECTOR_SIZE);
  const to = Math.min(SECTORS_PER_PAGE, (end - page * PAGE_SIZE) / SECTOR_SIZE);
  return from >= to ? 0 : ((1 << to) - 1) & ~((1 << from) - 1);
}
