export * from './access-trace.ts';
export * from './access-trace-writer.ts';
export * from './access-workload.ts';
export { CONTENT_MODELS, isAccessTrace, parseContentModel, TLB_ENTRIES_MAX } from './format.ts';
