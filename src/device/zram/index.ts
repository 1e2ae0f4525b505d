export * from './attributes.ts';
export * from './slot-table.ts';
export * from './zram-device.ts';
export * from './zram-stat.ts';
export type { ZramBacking } from './writeback.ts';
