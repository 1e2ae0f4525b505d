export * from './importer.ts';
export * from './registry.ts';
