/** Which designs the suite is about, and the areas that each is given in a small world. */
import type { Engine } from '../../../src/engine/index.ts';
import { ROLE, SlotArea } from '../../../src/slots/index.ts';
import { designs, type DesignKind } from '../../../src/swap/index.ts';
import { KEEPS_OLDER_ZSWAP_COPY } from '../../../src/swap/tables/deviations.ts';
import { assert } from '../../../src/units/index.ts';

export interface DesignUnderTest {
  /** DESIGN:REVISION. */
  readonly label: string;
  readonly name: string;
  readonly revision: string;
  readonly kind: DesignKind;
}

/** Every design in each of its revisions. */
export const designsUnderTest: readonly DesignUnderTest[] = Object.entries(designs).flatMap(
  ([name, kind]) =>
    kind.revisions.map((revision) => ({ label: `${name}:${revision}`, name, revision, kind })),
);

/** A design whose virtual slots are switched off is a plain one, and must be a whole one too. */
export const switchedOff: readonly DesignUnderTest[] = designsUnderTest
  .filter(({ name }) => name === 'vswap-table')
  .map(({ kind, ...rest }) => ({
    ...rest,
    label: `${rest.label} off`,
    kind: {
      ...kind,
      isVirtual: false,
      deviations: [...kind.deviations, KEEPS_OLDER_ZSWAP_COPY],
      create: (parts) => {
        const design = kind.create(parts);
        assert(design.setVirtual !== undefined, 'its virtual slots can be switched off');
        design.setVirtual(false);
        return design;
      },
    },
  }));

/** Plain designs over the index of the first zswap: of each way to hold tables, one. */
export const overRbTrees: readonly DesignUnderTest[] = designsUnderTest
  .filter(({ name }) => name === 'xarray' || name === 'ghost-redirect')
  .map(({ kind, ...rest }) => ({
    ...rest,
    label: `${rest.label} rbtree`,
    kind: { ...kind, create: (parts) => kind.create({ ...parts, zswapIndex: 'rbtree' }) },
  }));

/** An entry is not its slot: bytes are where a table says. */
export function isSlotApart({ kind }: DesignUnderTest): boolean {
  return kind.isVirtual || kind.areas === 'ghost-above';
}

export interface TestArea {
  readonly pages: number;
  readonly badPages?: readonly number[];
  readonly priority?: number;
  readonly rotational?: boolean;
}

export interface AreaOptions {
  readonly design: DesignUnderTest;
  readonly areas: readonly TestArea[];
  /** Pages of the device that the design brings along. */
  readonly ownPages?: number;
  readonly engine: Engine;
  readonly isSwapFull: () => boolean;
  /** Whose slot holds nothing any more. */
  readonly onSlotFreed?: (type: number, slot: number) => void;
}

/**
 * The areas as the design has them: plain ones, ghosts, growing ones, or plain ones under a ghost of
 * its own, which comes last in the list and first in priority.
 */
export function slotAreas(options: AreaOptions): SlotArea[] {
  const { kind } = options.design;
  const { onSlotFreed } = options;
  const common = {
    allocator: kind.allocator,
    isBlockDevice: false,
    engine: options.engine,
    isSwapFull: options.isSwapFull,
  };
  const hasBytes = kind.areas === 'as-given' || kind.areas === 'ghost-above';
  const areas = options.areas.map(
    ({ pages, badPages = [], priority = 0, rotational = false }, type) =>
      new SlotArea({
        ...common,
        ...(onSlotFreed === undefined
          ? {}
          : {
              onSlotFreed: (slot: number): void => {
                onSlotFreed(type, slot);
              },
            }),
        type,
        role: hasBytes ? ROLE.plain : ROLE.ghost,
        growth: kind.areas === 'growing' ? 'chunked' : 'fixed',
        maxPages: pages,
        badPages,
        rotational,
        priority,
      }),
  );
  if (kind.areas === 'ghost-above')
    areas.push(
      new SlotArea({
        ...common,
        type: areas.length,
        role: ROLE.ghost,
        growth: 'fixed',
        maxPages: options.ownPages ?? 2048,
        badPages: [],
        rotational: false,
        priority: 0x7fff,
      }),
    );
  return areas;
}
