export * from './frame-table.ts';
export * from './page-bytes.ts';
