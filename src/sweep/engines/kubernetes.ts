/**
 * The manifest of a sweep for Kubernetes: an Indexed Job with a pod for each shard, and the Job that
 * merges. Plan and databases are on one volume.
 *
 * Every text is a JSON string, which is YAML as well.
 *
 * @source Kubernetes API batch/v1 Job, 1.33: completionMode, backoffLimitPerIndex, podFailurePolicy
 */
export interface KubernetesJob {
  /** The sweep. */
  readonly name: string;
  readonly runCount: number;
  readonly shards: number;
  /** Pods that run at a time. */
  readonly parallelism: number;
  readonly image: string;
  /** PersistentVolumeClaim with the plan at its top; of ReadWriteMany where there are several nodes. */
  readonly claim: string;
  /** Name of the plan's file there. */
  readonly planFile: string;
  readonly namespace: string | null;
  /** Of each pod, requested and its limit: `1`, `500m`; `2Gi`. */
  readonly cpu: string;
  readonly memory: string;
}

/** Where the volume is in a pod. */
const MOUNT = '/sweep';

/** How often a pod is made again that failed or was killed; what is done is not repeated. assumed */
const RETRIES = 3;

/** The Job that runs the shards, of which there are no more than runs of a plan, 100 000: its most. */
export function kubernetesJob(job: KubernetesJob): string {
  const { name, runCount, shards, parallelism, planFile } = job;
  const jobName = `swaplab-${label(name)}`;
  const script =
    `exec swaplab --db "${MOUNT}/shard-$((JOB_COMPLETION_INDEX + 1))-of-${shards}.db" ` +
    `sweep run --plan "$PLAN" --shards ${shards}`;
  return `# ${runCount} runs in ${shards} shards: made by swaplab sweep kubernetes.
#   kubectl cp ${planFile} POD:${MOUNT}/          the plan, by any pod that has the volume
#   kubectl create -f THIS-FILE
#   for end in complete failed; do                failed: all have ended, and some index failed
#     kubectl wait --for=condition=$end --timeout=24h job/${jobName} &
#   done; wait -n                                 (bash) whichever comes first
# then the same with the manifest of swaplab sweep kubernetes --merge
${head(job, jobName)}
spec:
  completionMode: Indexed
  completions: ${shards}
  parallelism: ${parallelism}
  backoffLimitPerIndex: ${RETRIES}
  podFailurePolicy:
    rules:
      # A node that is drained is no failure.
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
      # Wrong use, or a page that came back wrong: that would be so again.
      - action: FailIndex
        onExitCodes:
          containerName: swaplab
          operator: In
          values: [2, 3]
${podTemplate(job, script)}`;
}

/** The Job that merges what the shards' pods have left on the volume. */
export function kubernetesMergeJob(job: KubernetesJob): string {
  const { name, shards } = job;
  const databases = `${MOUNT}/shard-*-of-${shards}.db`;
  const script =
    `swaplab sweep merge ${databases} --plan "$PLAN" -o ${MOUNT}/all.db && ` +
    `exec swaplab sweep status ${databases} --plan "$PLAN" --shards ${shards}`;
  return `# Merges the shards into ${MOUNT}/all.db and says what is missing.
${head(job, `swaplab-${label(name)}-merge`)}
spec:
  backoffLimit: 0
${podTemplate(job, script)}`;
}

function head({ namespace }: KubernetesJob, name: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${JSON.stringify(name)}${namespace === null ? '' : `\n  namespace: ${JSON.stringify(namespace)}`}
  labels:
    app.kubernetes.io/name: swaplab`;
}

function podTemplate(
  { image, claim, planFile, cpu, memory }: KubernetesJob,
  script: string,
): string {
  const resources = `{ cpu: ${JSON.stringify(cpu)}, memory: ${JSON.stringify(memory)} }`;
  return `  template:
    spec:
      restartPolicy: Never
      containers:
        - name: swaplab
          image: ${JSON.stringify(image)}
          command: ["sh", "-c", ${JSON.stringify(script)}]
          env:
            - name: PLAN
              value: ${JSON.stringify(`${MOUNT}/${planFile}`)}
          resources:
            requests: ${resources}
            limits: ${resources}
          volumeMounts:
            - name: sweep
              mountPath: ${MOUNT}
            # Swap areas of runs.
            - name: scratch
              mountPath: /tmp
      volumes:
        - name: sweep
          persistentVolumeClaim:
            claimName: ${JSON.stringify(claim)}
        - name: scratch
          emptyDir: {}
`;
}

/**
 * The name of a sweep as a part of a label of the DNS: lower case, digits and dashes.
 * @source RFC 1123; 63 letters in all, of which a pod's name takes the index and five more
 */
function label(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 30);
  return plain.replaceAll(/^-|-$/g, '') || 'sweep';
}
