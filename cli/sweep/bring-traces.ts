/** Access traces that shards are not to look for at their paths in the plan. */
import { constants, copyFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PlanSpecs, type Plan } from '../../src/sweep/index.ts';
import { RunError } from '../../src/units/index.ts';
import { placesOf } from '../access-trace-file.ts';

export interface WantedTraces {
  /** File of the plan, to name in errors. */
  readonly plan: string;
  /** Files that hold traces of the plan. */
  readonly trace: readonly string[];
  /** Hosts to run on; none: this one. */
  readonly sshlogin: readonly string[];
}

/**
 * Puts traces into a work folder: those that --trace names and, for other hosts, those of the plan. These
 * get copies, since a link would be sent as one.
 * @returns names in the folder
 * @throws UsageError for a trace that is not there, RunError for a folder that takes no more
 */
export function bringTraces(wanted: WantedTraces, plan: Plan, folder: string): string[] {
  const given = placesOf(wanted.trace, '--trace');
  const isSent = wanted.sshlogin.length > 0;
  const others = isSent
    ? [...tracesOf(plan, wanted.plan)].filter(([sha256]) => !given.has(sha256))
    : [];
  const places = placesOf(
    others.map(([, path]) => path),
    'workload.accesses (--trace FILE says where a trace is)',
  );
  return [...given, ...places].map(([sha256, path]) => {
    const name = `trace-${sha256}.accesses`;
    const file = join(folder, name);
    try {
      rmSync(file, { force: true });
      if (isSent) copyFileSync(path, file, constants.COPYFILE_FICLONE);
      else symlinkSync(path, file);
    } catch (error) {
      throw new RunError(`${file}: ${(error as NodeJS.ErrnoException).code ?? ''}`);
    }
    return name;
  });
}

/** The access traces of a plan: SHA-256, and the path where the plan was made. */
function tracesOf(plan: Plan, where: string): Map<string, string> {
  const specs = new PlanSpecs(plan, where);
  const paths = new Map<string, string>();
  for (const line of plan.lines) {
    const { workload } = specs.get(line);
    if ('accesses' in workload && workload.sha256 !== undefined)
      paths.set(workload.sha256, workload.accesses);
  }
  return paths;
}
