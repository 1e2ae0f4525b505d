/** Plans as the subcommands of `sweep` read them. */
import { parsePlan, requireVersion, type Plan } from '../../src/sweep/index.ts';
import { readInput } from '../read-input.ts';
import { version } from '../version.ts';

/** @throws UsageError for what is no plan, or one that another version made */
export function readPlan(path: string): Plan {
  const plan = parsePlan(readInput(path, '--plan').toString('utf8'), path);
  requireVersion(plan, version, path);
  return plan;
}
