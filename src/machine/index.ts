export * from './areas.ts';
export * from './machine.ts';
export * from './run-result.ts';
export * from './spec.ts';
export * from './metadata-machine.ts';
export * from './metadata-views.ts';
export * from './metrics.ts';
export * from './situations/index.ts';
