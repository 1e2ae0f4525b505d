/**
 * The batch script of a sweep for Slurm: a job array with a task for each shard. The same file submits
 * itself with the merge behind it, is the task, and merges, so that one file is all there is to keep.
 *
 * @source Slurm 22.05 sbatch(1): job arrays, --dependency, filename pattern; slurm.conf(5): MaxArraySize
 */
import { shellWord, UsageError } from '../../units/index.ts';

/** Where Slurm's array indexes end where nobody has set it: below. @source slurm.conf(5) MaxArraySize */
export const MAX_ARRAY_SIZE = 1001;

export interface SlurmScript {
  /** The sweep. */
  readonly name: string;
  readonly runCount: number;
  readonly shards: number;
  /** Tasks that run at a time; null: as many as there is room for. */
  readonly throttle: number | null;
  /** Absolute: tasks begin wherever the array was submitted. */
  readonly planPath: string;
  /** Databases of the shards, their merge and the logs; absolute, and there when tasks begin. */
  readonly folder: string;
  /** What calls swaplab, as bash reads it. */
  readonly command: string;
  /** Options of sbatch for tasks and merge: `--partition=short`. */
  readonly options: readonly string[];
}

/** @throws UsageError for what a line of a batch script cannot hold */
export function slurmScript(script: SlurmScript): string {
  const { name, runCount, shards, throttle, planPath, folder, command, options } = script;
  const limit = throttle === null ? '' : `%${throttle}`;
  const directives = [
    `--job-name=${jobName(name)}`,
    `--array=1-${shards}${limit}`,
    `--output=${logPath(folder)}`,
    // A task that was preempted, or whose node died, goes on where it was; its log, too.
    ...['--requeue', '--open-mode=append'],
    ...options,
  ];
  return `#!/bin/bash
# ${runCount} runs in ${shards} shards: made by swaplab sweep slurm.
#   bash THIS-FILE submit          submits all shards, and the merge behind them
#   bash THIS-FILE status          how far they are, and which are to be submitted again
#   bash THIS-FILE submit 2,5-7    submits only these
#   bash THIS-FILE merge           merges what there is
${directives.map((text) => `#SBATCH ${directive(text)}`).join('\n')}

set -euo pipefail
shopt -s nullglob

swaplab=(${command})
plan=${shellWord(planPath)}
folder=${shellWord(folder)}
shards=${shards}

status() {
  "\${swaplab[@]}" sweep status "$folder"/shard-*-of-"$shards".db --plan "$plan" --shards "$shards"
}

case "\${1:-task}" in
task)
  : "\${SLURM_ARRAY_TASK_ID:?is not set: submit this file with: bash $0 submit}"
  # Not a child: signals of Slurm reach it.
  exec "\${swaplab[@]}" --db "$folder/shard-$SLURM_ARRAY_TASK_ID-of-$shards.db" \\
    sweep run --plan "$plan" --shards "$shards"
  ;;
merge)
  "\${swaplab[@]}" sweep merge "$folder"/shard-*-of-"$shards".db --plan "$plan" -o "$folder/all.db"
  status
  ;;
status)
  status
  ;;
submit)
  tasks=\${2:-1-$shards}
  job=$(sbatch --parsable --array="$tasks${limit}" "$0")
  # Whatever came of the tasks; an array of one, since a file's --array cannot be taken back.
  merge=$(sbatch --parsable --array=1 --dependency="afterany:\${job%%;*}" "$0" merge)
  echo "array \${job%%;*} of tasks $tasks, then merge \${merge%%;*} into $folder/all.db"
  ;;
*)
  echo "$0: '$1' is not accepted; accepted: submit, status, merge" >&2
  exit 2
  ;;
esac
`;
}

/** Name of a job: letters that no shell, and no pattern of Slurm's, reads anything into. */
function jobName(name: string): string {
  return `swaplab-${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 40)}`;
}

/** The job's number and the task's stand for themselves; a percent sign of the folder is none. */
function logPath(folder: string): string {
  if (folder.includes('\\'))
    throw new UsageError(
      `--folder: ${folder}: Slurm takes no log file with a backslash in its path; accepted: another folder`,
    );
  return `${folder.replaceAll('%', '%%')}/slurm-%A_%a.log`;
}

/** A line of options as sbatch reads it: quoted where blanks, quotes or `#` would end it. */
function directive(text: string): string {
  if (/[\n\r]/.test(text))
    throw new UsageError(`a batch script cannot hold ${JSON.stringify(text)} in one line`);
  if (!/[\s'"#\\]/.test(text)) return text;
  if (!text.includes("'")) return `'${text}'`;
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
