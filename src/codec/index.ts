export * from './compressor.ts';
export * from './price.ts';
export * from './registry.ts';
export * from './zero-page.ts';
