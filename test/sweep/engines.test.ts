import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  kubernetesJob,
  kubernetesMergeJob,
  slurmScript,
  type KubernetesJob,
  type SlurmScript,
} from '../../src/sweep/index.ts';

const slurm: SlurmScript = {
  ...{ name: 'pool & design', runCount: 64, shards: 8, throttle: 2 },
  ...{ planPath: "/home/ann's/a sweep/plan.ndjson", folder: '/home/x/100% #1', command: 'swaplab' },
  options: ['--time=10:00', "--comment=it's 5#"],
};

describe('the batch script for Slurm', () => {
  const text = slurmScript(slurm);
  const directives = [...text.matchAll(/^#SBATCH (.*)$/gm)].map(([, option]) => option);

  it('asks for an array of tasks that go on after a requeue, with a log each', () => {
    expect(directives).toEqual([
      '--job-name=swaplab-pool-design',
      '--array=1-8%2',
      "'--output=/home/x/100%% #1/slurm-%A_%a.log'",
      '--requeue',
      '--open-mode=append',
      '--time=10:00',
      '"--comment=it\'s 5#"',
    ]);
  });

  it('is what bash reads without a complaint, with every path quoted', () => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(text).toContain("\nplan='/home/ann'\\''s/a sweep/plan.ndjson'\n");
    expect(text).toContain("\nfolder='/home/x/100% #1'\n");
  });

  it.skipIf(spawnSync('shellcheck', ['--version']).error !== undefined)('passes shellcheck', () => {
    const { stdout } = spawnSync('shellcheck', ['-'], { input: text, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it('ends at once where no engine tells its task, and names what it takes', () => {
    const bash = (...words: readonly string[]): string =>
      spawnSync('bash', ['-s', '--', ...words], {
        ...{ input: text, encoding: 'utf8' },
        env: { PATH: process.env['PATH'] },
      }).stderr;
    expect(bash()).toMatch(
      /SLURM_ARRAY_TASK_ID: is not set: submit this file with: bash .* submit/,
    );
    expect(bash('frob')).toMatch(/'frob' is not accepted; accepted: submit, status, merge/);
  });

  it('takes no option that would begin another line, and no folder that Slurm misreads', () => {
    expect(() => slurmScript({ ...slurm, options: ['--x=a\nrm'] })).toThrow(/in one line/);
    expect(() => slurmScript({ ...slurm, folder: 'a\\b' })).toThrow(/no log file with a backslash/);
  });
});

const job: KubernetesJob = {
  ...{ name: 'Pool & Design', runCount: 64, shards: 8, parallelism: 4, image: 'example/swaplab:1' },
  ...{ claim: 'sweeps', planFile: 'plan.ndjson', namespace: null, cpu: '1', memory: '2Gi' },
};

describe('the manifest for Kubernetes', () => {
  it('is an Indexed Job of the API batch/v1 with a pod a shard', () => {
    const script =
      'exec swaplab --db "/sweep/shard-$((JOB_COMPLETION_INDEX + 1))-of-8.db" ' +
      'sweep run --plan "$PLAN" --shards 8';
    const resources = { cpu: '1', memory: '2Gi' };
    expect(parse(kubernetesJob(job))).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'swaplab-pool-design', labels: { 'app.kubernetes.io/name': 'swaplab' } },
      spec: {
        completionMode: 'Indexed',
        ...{ completions: 8, parallelism: 4, backoffLimitPerIndex: 3 },
        podFailurePolicy: {
          rules: [
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
            {
              action: 'FailIndex',
              onExitCodes: { containerName: 'swaplab', operator: 'In', values: [2, 3] },
            },
          ],
        },
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                ...{ name: 'swaplab', image: 'example/swaplab:1', command: ['sh', '-c', script] },
                env: [{ name: 'PLAN', value: '/sweep/plan.ndjson' }],
                resources: { requests: resources, limits: resources },
                volumeMounts: [
                  { name: 'sweep', mountPath: '/sweep' },
                  { name: 'scratch', mountPath: '/tmp' },
                ],
              },
            ],
            volumes: [
              { name: 'sweep', persistentVolumeClaim: { claimName: 'sweeps' } },
              { name: 'scratch', emptyDir: {} },
            ],
          },
        },
      },
    });
  });

  it('has a job that merges, without indexes, in the same namespace', () => {
    const merge = parse(kubernetesMergeJob({ ...job, namespace: 'lab' })) as {
      readonly metadata: unknown;
      readonly spec: Readonly<Record<string, unknown>>;
    };
    expect(merge.metadata).toMatchObject({ name: 'swaplab-pool-design-merge', namespace: 'lab' });
    expect(Object.keys(merge.spec)).toEqual(['backoffLimit', 'template']);
    expect(JSON.stringify(merge.spec)).toContain('/sweep/shard-*-of-8.db --plan');
  });

  it('has a name of the DNS for any sweep', () => {
    const name = (of: string): string | undefined =>
      /^ {2}name: "(.*)"$/m.exec(kubernetesJob({ ...job, name: of }))?.[1];
    expect(name('--')).toBe('swaplab-sweep');
    expect(name('A'.repeat(99))).toBe(`swaplab-${'a'.repeat(30)}`);
    expect(name(`${'a'.repeat(29)}-b`)).toBe(`swaplab-${'a'.repeat(29)}`);
  });
});
