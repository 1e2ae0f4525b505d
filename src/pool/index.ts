export * from './class-stats.ts';
export * from './object-pool.ts';
export * from './registry.ts';
export * from './size-classes.ts';
export * from './zbud.ts';
export * from './zsmalloc.ts';
