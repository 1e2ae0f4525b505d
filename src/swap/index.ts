export * from './filled-pages.ts';
export * from './designs/registry.ts';
export type * from './resolve.ts';
export * from './swap-design.ts';
export * from './swap-io.ts';
export * from './swap-system.ts';
export * from './swapoff.ts';
export type { PageWitness } from './wrong-pages.ts';
