export * from './columns.ts';
export * from './comparison.ts';
export * from './spec-differences.ts';
