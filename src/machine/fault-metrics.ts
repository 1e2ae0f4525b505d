/** What became of the faults of a run, as rows of a comparison. */
import type { FaultTally } from '../device/index.ts';
import type { Metric } from './metric.ts';
import type { RunResult } from './run-result.ts';

const COLUMNS: readonly (readonly [keyof Omit<FaultTally, 'kind'>, Metric['better']])[] = [
  ['fired', 'none'],
  ['detected', 'none'],
  ['unread', 'none'],
  ['harmless', 'none'],
  ['lost', 'lower'],
];

export const faultMetrics: readonly Metric[] = [
  ...COLUMNS.map(([name, better]): Metric => ({
    group: 'faults',
    name: `faults ${name}`,
    unit: 'faults',
    better,
    value: (result) =>
      hadFaults(result) ? result.faults.reduce((sum, each) => sum + each[name], 0) : null,
  })),
  {
    group: 'faults',
    name: 'tasks ended by SIGBUS',
    unit: 'tasks',
    better: 'lower',
    value: (result) => (hadFaults(result) ? result.sigbusTasks : null),
  },
];

function hadFaults(result: RunResult): boolean {
  return result.faults.length > 0;
}
