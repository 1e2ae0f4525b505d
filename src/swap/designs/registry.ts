/** The swap designs by name: the choices of `--design` and the database's values. */
import { UsageError } from '../../units/index.ts';
import type { SwapDesign } from '../swap-design.ts';
import { createSwapTable, type SwapTableParts } from './swap-table/index.ts';

/** What every design is built from. */
export type DesignParts = SwapTableParts;

export const designs: Readonly<Record<string, (parts: DesignParts) => SwapDesign>> = {
  'swap-table': createSwapTable,
};

/** The factory of a design; `option` is what the error names. */
export function designFactory(name: string, option: string): (parts: DesignParts) => SwapDesign {
  const factory = Object.hasOwn(designs, name) ? designs[name] : undefined;
  if (factory === undefined)
    throw new UsageError(
      `${option}: '${name}' is no design; accepted: ${Object.keys(designs).join(', ')}`,
    );
  return factory;
}
