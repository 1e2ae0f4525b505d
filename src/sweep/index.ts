export * from './engines/kubernetes.ts';
export * from './engines/slurm.ts';
export * from './expand.ts';
export * from './plan.ts';
export * from './run-id.ts';
export * from './shard.ts';
export * from './status.ts';
export * from './sweep-spec.ts';
