export * from './columns.ts';
export * from './comparison.ts';
export * from './numbers.ts';
export * from './run-diff.ts';
export * from './run-diff-text.ts';
export * from './spec-differences.ts';
