export * from './takes-compressed.ts';
export * from './mapped-device.ts';
export type { BlockBytes } from './inner-io.ts';
export {
  BUFFER_BYTES_MAX,
  BUFFER_BYTES_MIN,
  COMPRESSED_FORMS,
  type CompressedForm,
  type CompressedBatch,
  type MappedForm,
  type MappedOptions,
} from './mapped-options.ts';
export type { MappedStats } from './mapped-stats.ts';
