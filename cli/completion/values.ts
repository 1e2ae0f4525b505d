/** What the shell offers where a value or an operand is wanted. */
import { compressors } from '../../src/codec/index.ts';
import { deviceProfiles, enduranceClasses, FAULT_KINDS } from '../../src/device/index.ts';
import { metadataViews, situations } from '../../src/machine/index.ts';
import { pools } from '../../src/pool/index.ts';
import { designs, SAME_FILLED } from '../../src/swap/index.ts';
import { workloads } from '../../src/workload/index.ts';
import { generations } from '../../src/zswap/index.ts';
import type { OperandDescription, OptionDescription } from '../description.ts';
import { scenarioNames } from '../scenarios.ts';
import { SWAP_COLUMNS } from '../util-linux/swap-columns.ts';

export type Candidates =
  /** `isList`: several, with commas between. */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly isList: boolean }
  | { readonly kind: 'files' }
  /** Stored runs, which `swaplab completion runs` tells while the user types. */
  | { readonly kind: 'runs' }
  /** Commands of the program. */
  | { readonly kind: 'commands' }
  | { readonly kind: 'nothing' };

const words = (from: Iterable<string>): Candidates => ({
  ...{ kind: 'words', words: [...from], isList: false },
});
const list = (from: Iterable<string>): Candidates => ({
  ...{ kind: 'words', words: [...from], isList: true },
});
const settings = (key: string, values: Iterable<string>): string[] =>
  [...values].map((value) => `${key}=${value}`);

/** By long option, where neither its choices nor the name of its value say it; `CMD --option` first. */
export const OPTION_CANDIDATES: Readonly<Record<string, () => Candidates>> = {
  '--design': () => words(Object.keys(designs)),
  '--designs': () => list(Object.keys(designs)),
  'explain --design': () => list([...Object.keys(designs), 'all']),
  'metadata --design': () => list(Object.keys(designs)),
  '--workload': () => words(Object.keys(workloads)),
  '--device': () => words(Object.keys(deviceProfiles)),
  '--drive': () => list(Object.keys(enduranceClasses)),
  '--zswap': () =>
    list([
      ...settings('version', Object.keys(generations)),
      ...settings('compressor', Object.keys(compressors)),
      ...settings('zpool', Object.keys(pools)),
      ...['max_pool_percent=', 'shrinker_enabled=Y', 'writebackBatch='],
    ]),
  'estimate --compressor': () => list(Object.keys(compressors)),
  '--same-filled': () => words(SAME_FILLED),
  '--fault': () => list(FAULT_KINDS),
  '--cgroup-version': () => words(['1', '2']),
  '--scenario': () => words(scenarioNames()),
  '--situation': () => list([...Object.keys(situations), 'all']),
  '--view': () => words(['real', ...Object.keys(metadataViews)]),
  '--area': () => ({ kind: 'files' }),
  'swapon --show': () => list(SWAP_COLUMNS.map(({ name }) => name)),
  'swapon --annotate': () => words(['always', 'never', 'auto']),
  'swapon --discard': () => words(['once', 'pages']),
  'swapoff --run': () => words(['none']),
  'mkswap --endianness': () => words(['native', 'little', 'big']),
  'mkswap --lock': () => words(['yes', 'no', 'nonblock']),
  'mkswap --uuid': () => words(['clear', 'random', 'time']),
};

const FILES = /^(file|files|path|db|device|spec|captures?|shards?|plan)$/i;
const RUNS = /^(runs?|ids?)$/i;

/** What may follow an option. */
export function optionCandidates(command: string, option: OptionDescription): Candidates {
  const { value, long, short } = option;
  if (value === null) return { kind: 'nothing' };
  if (value.choices.length > 0) return words(value.choices);
  const name = long ?? short ?? '';
  const known = OPTION_CANDIDATES[`${command} ${name}`] ?? OPTION_CANDIDATES[name];
  return known?.() ?? byName(value.placeholder);
}

export function operandCandidates(operand: OperandDescription): Candidates {
  if (operand.choices.length > 0) return words(operand.choices);
  return byName(operand.name);
}

function byName(name: string): Candidates {
  if (FILES.test(name)) return { kind: 'files' };
  if (RUNS.test(name)) return { kind: 'runs' };
  return { kind: /^command$/i.test(name) ? 'commands' : 'nothing' };
}
