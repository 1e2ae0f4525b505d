/** The swap designs by name: the choices of `--design` and the database's values. */
import { didYouMean, UsageError } from '../../units/index.ts';
import type { DesignKind } from '../swap-design.ts';
import { ghost } from './ghost/index.ts';
import { ghostRedirect } from './ghost-redirect/index.ts';
import { swapTable } from './swap-table/index.ts';
import { swapTable4 } from './swap-table-4/index.ts';
import { vswap } from './vswap/index.ts';
import { vswapTable } from './vswap-table/index.ts';
import { xarray } from './xarray/index.ts';
import { xswap } from './xswap/index.ts';

export const designs: Readonly<Record<string, DesignKind>> = {
  xarray,
  'swap-table': swapTable,
  'swap-table-4': swapTable4,
  vswap,
  'vswap-table': vswapTable,
  ghost,
  'ghost-redirect': ghostRedirect,
  xswap,
};

/** A design and one of its revisions. */
export interface DesignChoice {
  readonly name: string;
  readonly revision: string;
  readonly kind: DesignKind;
}

/**
 * Finds a design.
 * @param name - NAME or NAME:REVISION; without one the design's first
 * @param option - what the error names
 */
export function chooseDesign(name: string, option: string): DesignChoice {
  const [design = '', revision] = name.split(':', 2);
  const kind = Object.hasOwn(designs, design) ? designs[design] : undefined;
  if (kind === undefined)
    throw new UsageError(
      `${option}: '${design}' is no design; accepted: ${Object.keys(designs).join(', ')}` +
        didYouMean(design, Object.keys(designs)),
    );
  if (revision !== undefined && !kind.revisions.includes(revision))
    throw new UsageError(
      `${option}: ${design} has no revision '${revision}'; accepted: ${kind.revisions.join(', ')}`,
    );
  return { name: design, revision: revision ?? kind.revisions[0], kind };
}
