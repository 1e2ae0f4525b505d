export * from './zswap.ts';
export * from './generations.ts';
export * from './dynamic-shrinker.ts';
export * from './writeback-target.ts';
export * from './zswap-cgroups.ts';
export * from './zswap-entries.ts';
export * from './zswap-index.ts';
export * from './zswap-rb-trees.ts';
