/** The formats of memory traces that can be imported: the choices of `swaplab import`. */
import type { Importer } from './importer.ts';
import { lackey } from './lackey.ts';
import { masim } from './masim.ts';
import { oracleGeneral } from './oracle-general.ts';
import { swapreplay } from './swapreplay.ts';

export const importers: Readonly<Record<string, Importer>> = {
  lackey,
  masim,
  'oracle-general': oracleGeneral,
  swapreplay,
};
