/** Which columns of a CSV trace say what: from options, or from a preset for a public trace. */
import { UsageError } from '../../units/index.ts';
import type { ImporterOption, ImportRequest } from './importer.ts';
import { badOption, choiceOption, flagOption, textOption, wholeOption } from './options.ts';
import { phaseEveryOption } from './phase-clock.ts';

/** Columns are counted from 0 here (from 1 in options, as libCacheSim counts); -1: there is none. */
export interface CsvLayout {
  readonly id: number;
  readonly address: number;
  readonly size: number;
  readonly operation: number;
  readonly volume: number;
  readonly time: number;
  readonly addressUnit: number;
  readonly sizeUnit: number;
  readonly delimiter: string | undefined;
  readonly hasHeader: boolean | undefined;
  readonly isIdNumber: boolean;
  /** Requests of one volume only. */
  readonly onlyVolume: string | undefined;
}

type Preset = Readonly<Partial<Record<string, number>>>;

const presets = {
  /** Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime. @source SNIA IOTTA 388, README */
  msr: { timeCol: 1, volumeCol: 3, opCol: 4, addressCol: 5, objSizeCol: 6 },
  /** device_id,opcode,offset,length,timestamp. @source github.com/alibaba/block-traces, README */
  alibaba: { volumeCol: 1, opCol: 2, addressCol: 3, objSizeCol: 4, timeCol: 5 },
  /** Timestamp,Offset,Size,IOType,VolumeID in sectors. @source SNIA IOTTA 27917, README */
  tencent: {
    ...{ timeCol: 1, addressCol: 2, objSizeCol: 3, opCol: 4, volumeCol: 5 },
    ...{ addressUnit: 512, sizeUnit: 512 },
  },
} as const satisfies Record<string, Preset>;

const COLUMN_MAX = 1000;
const UNIT_MAX = 1 << 20;

export const csvOptions: readonly ImporterOption[] = [
  { flags: '--preset <NAME>', text: 'columns of msr (MSR Cambridge), alibaba or tencent (CBS)' },
  { flags: '--obj-id-col <N>', text: 'column of the object, counted from 1' },
  { flags: '--address-col <N>', text: 'column of an address instead: requests are for ranges' },
  { flags: '--address-unit <BYTES>', text: 'bytes of one address, 512 for sectors (default 1)' },
  { flags: '--obj-size-col <N>', text: 'column of the size (without: 1 byte, so one page)' },
  { flags: '--size-unit <BYTES>', text: 'bytes of one unit of the size (default 1)' },
  { flags: '--op-col <N>', text: 'column of the operation (without: all read)' },
  { flags: '--volume-col <N>', text: 'column of the device: each has an address space of its own' },
  { flags: '--volume <NAME>', text: 'only the requests of this volume' },
  { flags: '--time-col <N>', text: 'column of the time, for --phase-every' },
  { flags: '--delimiter <CHAR>', text: 'what is between fields; \\t is a tab (default: detected)' },
  {
    flags: '--has-header <YES|NO>',
    text: 'whether the first line names columns (default: detected)',
  },
  { flags: '--obj-id-is-num', text: 'objects are numbers, up to 2^64: faster, and 7 is 07' },
  { flags: '--limit <N>', text: 'read the first N requests only' },
  phaseEveryOption('units'),
];

/** Reads the options. @throws UsageError */
export function csvLayout(options: ImportRequest['options']): CsvLayout {
  const name = choiceOption(options, 'preset', Object.keys(presets) as (keyof typeof presets)[]);
  const preset: Preset = name === undefined ? {} : presets[name];
  const column = (key: string): number =>
    (wholeOption(options, key, preset[key] ?? 0, { max: COLUMN_MAX }) || 0) - 1;
  const unit = (key: string): number =>
    wholeOption(options, key, preset[key] ?? 1, { max: UNIT_MAX });
  const layout: CsvLayout = {
    id: column('objIdCol'),
    address: textOption(options, 'objIdCol') === undefined ? column('addressCol') : -1,
    size: column('objSizeCol'),
    operation: column('opCol'),
    volume: column('volumeCol'),
    time: column('timeCol'),
    addressUnit: unit('addressUnit'),
    sizeUnit: unit('sizeUnit'),
    delimiter: delimiterOption(options),
    hasHeader: headerOption(options),
    isIdNumber: flagOption(options, 'objIdIsNum'),
    onlyVolume: textOption(options, 'volume'),
  };
  if (
    textOption(options, 'objIdCol') !== undefined &&
    textOption(options, 'addressCol') !== undefined
  )
    throw new UsageError('--obj-id-col and --address-col: accepted: one of them');
  if (layout.id < 0 && layout.address < 0)
    throw new UsageError(
      'import csv: no column says what is requested; accepted: --obj-id-col, --address-col or --preset',
    );
  if (layout.onlyVolume !== undefined && layout.volume < 0)
    throw new UsageError(
      '--volume: no column tells volumes; accepted: with --volume-col or --preset',
    );
  if (textOption(options, 'phaseEvery') !== undefined && layout.time < 0)
    throw new UsageError(
      '--phase-every: no column tells times; accepted: with --time-col or --preset',
    );
  return layout;
}

function delimiterOption(options: ImportRequest['options']): string | undefined {
  const text = textOption(options, 'delimiter');
  if (text === undefined) return undefined;
  if (text === '\\t') return '\t';
  if (/^[\x20-\x7e\t]$/.test(text) && text !== '"') return text;
  throw new UsageError(`${badOption('delimiter', text)}; accepted: one ASCII character, or \\t`);
}

/** The words that libCacheSim takes. @source libCacheSim/bin/cli_reader_utils.c is_true() */
function headerOption(options: ImportRequest['options']): boolean | undefined {
  const text = textOption(options, 'hasHeader');
  if (text === undefined) return undefined;
  if (/^(true|1|yes|y)$/i.test(text)) return true;
  if (/^(false|0|no|n)$/i.test(text)) return false;
  throw new UsageError(`${badOption('hasHeader', text)}; accepted: yes, no`);
}
