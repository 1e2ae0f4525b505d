/** What stands for bytes with payload none: the compressed lengths of a workload's contents. */
import { INCOMPRESSIBLE, isSameFilled, type Compressor } from '../codec/index.ts';
import { TAG_FILLED } from '../frames/index.ts';
import { PAGE_SIZE } from '../units/index.ts';
import type { Workload } from '../workload/index.ts';

/** Asks the compressor once about each content. */
export function setSampleLengths(workload: Workload, compressor: Compressor): void {
  const target = Buffer.alloc(2 * PAGE_SIZE);
  workload.setSampleLengths(
    workload.samples().map((sample) => {
      const length = compressor.compress(sample.bytes, target);
      if (length === INCOMPRESSIBLE) return PAGE_SIZE;
      return isSameFilled(sample.bytes) ? length + TAG_FILLED : length;
    }),
  );
}
