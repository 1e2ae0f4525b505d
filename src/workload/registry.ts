/** The built-in workloads by name: the choices of `--workload`. */
import { didYouMean, UsageError } from '../units/index.ts';
import { MEMHOG_USAGE, parseMemhog } from './memhog.ts';
import { parseUsemem, USEMEM_USAGE } from './usemem.ts';
import type { Workload } from './workload.ts';

export interface WorkloadKind {
  /** The real program's command line, as far as it is supported. */
  readonly usage: string;
  parse(args: readonly string[], seed: number): Workload;
}

export const workloads: Readonly<Record<string, WorkloadKind>> = {
  usemem: { usage: USEMEM_USAGE, parse: parseUsemem },
  memhog: { usage: MEMHOG_USAGE, parse: parseMemhog },
};

/** Makes a built-in workload; `option` is what the error names. */
export function createWorkload(
  name: string,
  args: readonly string[],
  options: { readonly seed: number; readonly option: string },
): Workload {
  const kind = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  if (kind === undefined)
    throw new UsageError(
      `${options.option}: '${name}' is no workload; accepted: ${Object.keys(workloads).join(', ')}` +
        didYouMean(name, Object.keys(workloads)),
    );
  return kind.parse(args, options.seed);
}
