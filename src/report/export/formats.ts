/** The formats of `runs export`, by the names that the command takes. */
import type { StoredRun } from '../../runs/index.ts';
import { csvExport } from './csv.ts';
import { fioExport } from './fio.ts';
import { hgrmExport } from './hgrm.ts';
import { jsonExport } from './json.ts';
import { prometheusExport } from './prometheus.ts';
import { usememExport } from './usemem.ts';

export interface ExportOptions {
  /** Which histogram, for a format that holds one. */
  readonly histogram: string;
}

export const EXPORT_FORMATS: Readonly<
  Record<string, (runs: readonly StoredRun[], options: ExportOptions) => string>
> = {
  json: jsonExport,
  csv: csvExport,
  fio: fioExport,
  usemem: usememExport,
  prometheus: prometheusExport,
  hgrm: (runs, { histogram }) => hgrmExport(runs, histogram),
};
