export * from './takes-compressed.ts';
export * from './mapped-device.ts';
export type { BlockBytes } from './inner-io.ts';
export {
  COMPRESSED_FORMS,
  isEraseBlock,
  type CompressedForm,
  type CompressedBatch,
  type MappedForm,
  type MappedOptions,
} from './mapped-options.ts';
export type { MappedStats } from './mapped-stats.ts';
