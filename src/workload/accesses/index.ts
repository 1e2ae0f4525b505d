export * from './access-trace.ts';
export * from './access-trace-writer.ts';
export * from './access-workload.ts';
export {
  ACCESS_TRACE_BYTES_MAX,
  CONTENT_MODELS,
  isAccessTrace,
  parseContentModel,
  TLB_ENTRIES_MAX,
} from './format.ts';
