/** The lines that usemem printed: those of vm-scalability, for the parsers that kernel people have. */
import { RunError } from '../../units/index.ts';
import { REPORT_EVENT, type StoredRun } from '../../runs/index.ts';

/** Lines of usemem's report; other workloads have none. @source vm-scalability usemem.c 96c9436 */
const USEMEM_LINE =
  /^(\d+ bytes \/ \d+ usecs = \d+ KB\/s|\d+ usecs to free memory|the initialization time is .*)$/;

/** @throws RunError for a run without such lines */
export function usememExport(runs: readonly StoredRun[]): string {
  return runs.map((run) => linesOf(run).join('')).join('');
}

function linesOf({ runId, events, command }: StoredRun): string[] {
  const lines = events
    .filter(({ kind, detail }) => kind === REPORT_EVENT && USEMEM_LINE.test(detail))
    .map(({ detail }) => `${detail}\n`);
  if (lines.length > 0) return lines;
  throw new RunError(
    `run ${runId} has no report of usemem (${command}); ` +
      'one has: swaplab run --workload usemem --memory 32M --swap 256M -- 64M',
  );
}
