export * from './cost-profile.ts';
export * from './engine.ts';
export * from './events.ts';
export * from './histogram.ts';
export * from './random.ts';
export * from './server.ts';
export * from './xarray.ts';
