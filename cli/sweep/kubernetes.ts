/** `sweep kubernetes`: the manifest that runs a plan as an Indexed Job. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { kubernetesJob, kubernetesMergeJob } from '../../src/sweep/index.ts';
import { clipped, UsageError } from '../../src/units/index.ts';
import type { CommandIo } from '../command.ts';
import { wholeNumber } from '../run-options.ts';
import { writeOutput } from '../write-output.ts';
import { readShardCount } from './engine-options.ts';
import { readPlan } from './read-plan.ts';

interface Flags {
  readonly plan: string;
  readonly shards: string;
  readonly image: string;
  readonly claim: string;
  readonly namespace?: string;
  readonly parallelism?: string;
  readonly cpu: string;
  readonly memory: string;
  readonly merge?: true;
  readonly output: string;
}

const NOTES = `
IMAGE has swaplab on its PATH. The claim is a volume that all pods can write, with the plan at its top
under the name that it has here; the shards' databases come to lie beside it. A pod that failed or was
evicted is made again and goes on where it was. --merge writes the Job for afterwards.

Example:
  swaplab sweep kubernetes --plan plan.ndjson --shards 8 --image registry.example/swaplab:0.1.0 -o sweep.yaml
  kubectl create -f sweep.yaml
`;

/** A quantity of Kubernetes: digits, and what they are multiplied by. @source API, resource.Quantity */
const QUANTITY = /^\d+(\.\d+)?(m|[kMGTPE]|[KMGTPE]i)?$/;

/** A name of an object, a subdomain. @source RFC 1123, as Kubernetes takes it: 253 letters */
const OBJECT_NAME =
  /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A name of a namespace, a label. @source RFC 1123, as Kubernetes takes it: 63 letters */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export function addKubernetes(sweep: Command, io: CommandIo): void {
  sweep
    .command('kubernetes')
    .description('write the manifest that runs a plan on Kubernetes, a pod for each shard')
    .requiredOption('--plan <FILE>', 'what sweep plan wrote')
    .requiredOption('--shards <N>', 'pods of the job')
    .requiredOption('--image <IMAGE>', 'a container image with swaplab')
    .option('--claim <NAME>', 'PersistentVolumeClaim with the plan, for the databases', 'swaplab')
    .option('--namespace <NAME>', 'of the job and the claim')
    .option('--parallelism <N>', 'pods at a time (all)')
    .option('--cpu <QUANTITY>', 'of each pod', '1')
    .option('--memory <QUANTITY>', 'of each pod', '2Gi')
    .option('--merge', 'write the job that merges what the shards have left')
    .option('-o, --output <FILE>', 'where to write the manifest; -: standard output', '-')
    .addHelpText('after', NOTES)
    .action((flags: Flags) => {
      writeManifest(flags, io);
    });
}

function writeManifest(flags: Flags, io: CommandIo): void {
  const { image, cpu, memory, claim, namespace } = flags;
  const plan = readPlan(flags.plan);
  const runCount = plan.lines.length;
  const shards = readShardCount(flags.shards, runCount);
  const parallelism = wholeNumber(flags.parallelism, '--parallelism') ?? shards;
  if (parallelism < 1 || parallelism > shards)
    throw new UsageError(`--parallelism: ${parallelism} pods; accepted: 1 to ${shards}`);
  requireMatch(QUANTITY, cpu, '--cpu', 'a quantity such as 1 or 500m');
  requireMatch(QUANTITY, memory, '--memory', 'a quantity such as 2Gi');
  requireMatch(OBJECT_NAME, claim, '--claim', 'lower case, digits, - and .');
  if (namespace !== undefined)
    requireMatch(NAMESPACE, namespace, '--namespace', 'up to 63 of lower case, digits and -');
  requireMatch(/^[\w./:@-]+$/, image, '--image', 'such as registry.example/swaplab:0.1.0');
  const planFile = basename(flags.plan);
  requireMatch(
    /^[\w.+-]+$/,
    planFile,
    '--plan',
    'a file whose name has letters, digits, . - + and _',
  );
  const job = {
    ...{ name: plan.name, runCount, shards, parallelism, image, claim, planFile, cpu, memory },
    namespace: namespace ?? null,
  };
  const text = flags.merge === true ? kubernetesMergeJob(job) : kubernetesJob(job);
  writeOutput(flags.output, text, 'sweep kubernetes: --output', io);
}

function requireMatch(pattern: RegExp, text: string, option: string, accepted: string): void {
  if (!pattern.test(text))
    throw new UsageError(`${option}: '${clipped(text)}' is not accepted; accepted: ${accepted}`);
}
