/** How far a sweep is: what databases hold of the runs of its plan. */
import type { PlannedRun } from '../runs/index.ts';
import type { PlanLine } from './plan.ts';

/** Of a line; `missing`: nobody has begun it. The better comes first where there are several runs. */
export const LINE_STATES = ['done', 'running', 'failed', 'aborted', 'missing'] as const;
export type LineState = (typeof LINE_STATES)[number];

/** The state of each line, in the plan's order. */
export function lineStates(
  lines: readonly PlanLine[],
  runs: Iterable<Pick<PlannedRun, 'planId' | 'status'>>,
): LineState[] {
  const best = new Map<string, LineState>();
  for (const { planId, status } of runs) {
    const known = best.get(planId) ?? 'missing';
    if (LINE_STATES.indexOf(status) < LINE_STATES.indexOf(known)) best.set(planId, status);
  }
  return lines.map(({ id }) => best.get(id) ?? 'missing');
}

/** Still to be run: neither done, nor being run. */
export function isToDo(state: LineState): boolean {
  return state !== 'done' && state !== 'running';
}

/** Numbers as an array specification, as sbatch --array takes it: `3,7-9`. @param numbers - ascending */
export function arraySpecification(numbers: readonly number[]): string {
  const stretches: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const open = stretches.at(-1);
    if (open?.last === number - 1) open.last = number;
    else stretches.push({ first: number, last: number });
  }
  return stretches
    .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
    .join(',');
}
