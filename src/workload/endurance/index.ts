export * from './endurance-workload.ts';
export * from './operations.ts';
export * from './plan.ts';
