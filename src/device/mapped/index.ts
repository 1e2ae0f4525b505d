export * from './mapped-device.ts';
export type { BlockBytes } from './inner-io.ts';
export {
  BUFFER_BYTES_MAX,
  BUFFER_BYTES_MIN,
  type CompressedBatch,
  type MappedForm,
  type MappedOptions,
} from './mapped-options.ts';
export type { MappedStats } from './mapped-stats.ts';
