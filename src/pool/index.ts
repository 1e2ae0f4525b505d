export * from './object-pool.ts';
export * from './size-classes.ts';
export * from './zsmalloc.ts';
