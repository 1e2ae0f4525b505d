export * from './cluster-supply.ts';
export * from './cluster-table.ts';
export * from './free-runs.ts';
export * from './slot-area.ts';
export * from './slot-map.ts';
export * from './slot-owner.ts';
export * from './slot-space.ts';
export * from './slot-states.ts';
