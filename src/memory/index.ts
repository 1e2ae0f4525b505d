export * from './address-space.ts';
export * from './cgroup-statistics.ts';
export * from './memory-cgroup.ts';
export * from './memory-cgroups.ts';
export * from './memory-manager.ts';
export type * from './resolve-page.ts';
