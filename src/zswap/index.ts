export * from './zswap.ts';
export * from './zswap-entries.ts';
export * from './zswap-index.ts';
