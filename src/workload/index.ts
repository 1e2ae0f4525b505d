export * from './content.ts';
export * from './endurance/index.ts';
export * from './mulberry32.ts';
export * from './registry.ts';
export * from './trace.ts';
export * from './trace-workload.ts';
export * from './workload.ts';
