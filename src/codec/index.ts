export * from './compressor.ts';
export * from './registry.ts';
export * from './zero-page.ts';
