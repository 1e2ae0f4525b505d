/** What drives are rated to endure, by class; every number with its source. */
import type { SourcedNumber } from '../sourced-number.ts';

export interface EnduranceClass {
  readonly description: string;
  /** Bytes that the host may write for each byte of capacity: rated TBW / capacity. */
  readonly ratedWritesPerByte: SourcedNumber;
  /** Erases that a block endures. */
  readonly eraseCycles: SourcedNumber;
}

export type EnduranceClassName = 'tlc' | 'qlc' | 'tlc-server' | 'mlc' | 'emmc';

export const enduranceClasses: Readonly<Record<EnduranceClassName, EnduranceClass>> = {
  tlc: {
    description: 'consumer TLC',
    ratedWritesPerByte: {
      value: 600,
      source: '1 TB consumer TLC: 600 TBW (hardwaredeals.co, SSD endurance explained)',
    },
    eraseCycles: {
      value: 1000,
      source: 'TLC: 1,000 (Samsung 840 article of AnandTech); rules of thumb say 1000 to 3000',
    },
  },
  qlc: {
    description: 'consumer QLC',
    ratedWritesPerByte: { value: 200, source: 'Intel 660p 1 TB: 200 TBW (AnandTech 13078)' },
    eraseCycles: {
      value: 300,
      source: 'the lower end of 300 to 1000 (darwinsdata.com, how many writes is a 1TB SSD)',
    },
  },
  'tlc-server': {
    description: 'TLC for data centres, SATA',
    ratedWritesPerByte: {
      value: 1825,
      source: 'derived: 1752 TBW / 960 GB, Kingston DC600M (Puget Systems parts list)',
    },
    eraseCycles: {
      value: 3000,
      source: 'the upper end of 1000 to 3000 for TLC (darwinsdata.com); that it applies is assumed',
    },
  },
  mlc: {
    description: 'MLC',
    ratedWritesPerByte: {
      value: 1000,
      source: 'assumed: 3000 cycles at a write amplification of 3',
    },
    eraseCycles: {
      value: 3000,
      source: 'MLC: 3,000 (Samsung 840 article of AnandTech); rules of thumb say 3000 to 5000',
    },
  },
  emmc: {
    description: 'eMMC, MLC cells, next to no spare',
    ratedWritesPerByte: {
      value: 300,
      source: 'assumed: 3000 cycles at a write amplification of 10; makers rate few parts',
    },
    eraseCycles: { value: 3000, source: 'assumed: as MLC' },
  },
};
