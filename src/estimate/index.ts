export * from './estimate.ts';
export * from './interval.ts';
export * from './page-census.ts';
export * from './page-measures.ts';
export * from './pool-size.ts';
export * from './sampler.ts';
export * from './scan-plan.ts';
export * from './smaps.ts';
