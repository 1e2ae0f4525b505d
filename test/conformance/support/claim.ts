/** What a claim of the suite is, and the worlds that it may be tried in. */
import type { DesignUnderTest } from './designs.ts';
import { EntryWorld, type EntryWorldOptions } from './entry-world.ts';
import { MemoryWorld, type MemoryOptions } from './memory-world.ts';
import { TinyMemory, type TinyOptions } from './tiny-memory.ts';

export interface Claim {
  /** AREA.NAME */
  readonly id: string;
  /** One line, in the present tense, true of every design. */
  readonly claim: string;
  readonly check: (worlds: Worlds) => void;
}

/** Claims by id, as an area's file writes them. */
export type ClaimTable = Readonly<
  Record<string, readonly [claim: string, check: (worlds: Worlds) => void]>
>;

export function claimsOf(area: string, table: ClaimTable): Claim[] {
  return Object.entries(table).map(([name, [claim, check]]) => ({
    id: `${area}.${name}`,
    claim,
    check,
  }));
}

/** Worlds of one design. */
export class Worlds {
  readonly under: DesignUnderTest;

  constructor(under: DesignUnderTest) {
    this.under = under;
  }

  /** The design's tables over an allocator. */
  entries(options: EntryWorldOptions = {}): EntryWorld {
    return new EntryWorld(this.under, options);
  }

  /** A swap system, moved by hand. */
  tiny(options: TinyOptions = {}): TinyMemory {
    return new TinyMemory(this.under, options);
  }

  /** Memory management with reclaim. */
  memory(options: MemoryOptions = {}): MemoryWorld {
    return new MemoryWorld(this.under, options);
  }

  /** Pages can be written to an area: neither all ghosts nor a device without a file. */
  get isSwapWritten(): boolean {
    return this.under.kind.writesBack;
  }

  /** The design says in its deviations that this claim is otherwise with it. */
  deviates(id: string): boolean {
    return this.under.kind.deviations.some((deviation) => deviation.claim === id);
  }
}
