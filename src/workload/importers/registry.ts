/** The formats of memory traces that can be imported: the choices of `swaplab import`. */
import { csv } from './csv.ts';
import { damo } from './damo.ts';
import type { Importer } from './importer.ts';
import { lackey } from './lackey.ts';
import { masim } from './masim.ts';
import { oracleGeneral } from './oracle-general.ts';
import { swapreplay } from './swapreplay.ts';

export const importers: Readonly<Record<string, Importer>> = {
  csv,
  damo,
  lackey,
  masim,
  'oracle-general': oracleGeneral,
  swapreplay,
};
