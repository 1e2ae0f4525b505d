/** The command line: what it takes, checked. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Refusal } from './commands.mjs';

export const HELP = `usage: capture.mjs --trace FILE --out FILE --backend KIND --limit MIB --swap MIB [options]

  --trace FILE           the trace (format: fixtures/trace-format.md)
  --out FILE             where the capture goes; not overwritten
  --backend KIND         file       a swapfile in --dir
                         ssd        a whole block device: --device, or a loop device over --backing
                         zram       a zram device
                         zswap-ssd, zswap-file   zswap over these
  --limit MIB            hard limit of the memory cgroup
  --swap MIB             size of the swap area
  --page-cluster N       vm.page-cluster, 0 to 10 (3)
  --swappiness N         vm.swappiness, 0 to 200 (60)
  --runs N               how often, each time anew (5)
  --cpu N                the CPU that the trace runs on (the last one)
  --note TEXT            kept in the capture
  --dir PATH             where files and mount points are made (/var/tmp)
  --device PATH          backend ssd: a block device whose content may be lost
  --backing disk|ramfs   backend ssd without --device: what the loop device lies on (ramfs)
  --zram-algorithm NAME  (lz4)
  --compressor NAME      of zswap (deflate)
  --max-pool-percent N   of zswap (20)
  --accept-threshold N   of zswap (90)
  --shrinker             zswap's shrinker on
  --zswap-max MIB        memory.zswap.max of the cgroup; cgroup version 2 only
  --time-limit S         of one run (120)
  --force                although other swap is on: its pages are counted, too

Exit: 0 recorded; 1 refused or failed, and every setting is back; 2 bad arguments.
`;

const ALL = ['file', 'ssd', 'zram', 'zswap-ssd', 'zswap-file'];
const ZSWAP = ['zswap-ssd', 'zswap-file'];
const SSD = ['ssd', 'zswap-ssd'];
const CPU_LAST = cpus().length - 1;
const MIB_MAX = 1 << 20;

/** One row an option: what it takes (a range, choices, any text, or nothing), and with which backends. */
const OPTIONS = {
  trace: { kind: 'text', isRequired: true },
  out: { kind: 'text', isRequired: true },
  backend: { kind: ALL, isRequired: true },
  limit: { kind: [4, MIB_MAX], isRequired: true },
  swap: { kind: [1, MIB_MAX], isRequired: true },
  'page-cluster': { kind: [0, 10], preset: 3 },
  swappiness: { kind: [0, 200], preset: 60 },
  runs: { kind: [1, 100], preset: 5 },
  cpu: { kind: [0, CPU_LAST], preset: CPU_LAST },
  note: { kind: 'text', preset: null },
  dir: { kind: 'text', preset: '/var/tmp' },
  device: { kind: 'text', preset: null, backends: SSD },
  backing: { kind: ['disk', 'ramfs'], preset: 'ramfs', backends: SSD },
  'zram-algorithm': { kind: 'text', preset: 'lz4', backends: ['zram'] },
  compressor: { kind: 'text', preset: 'deflate', backends: ZSWAP },
  'max-pool-percent': { kind: [0, 100], preset: 20, backends: ZSWAP },
  'accept-threshold': { kind: [0, 100], preset: 90, backends: ZSWAP },
  shrinker: { kind: 'flag', preset: false, backends: ZSWAP },
  'zswap-max': { kind: [0, MIB_MAX], preset: null, backends: ZSWAP },
  'time-limit': { kind: [1, 86400], preset: 120 },
  force: { kind: 'flag', preset: false },
  help: { kind: 'flag', preset: false },
};
/** Of this host, not of what was recorded: kept out of the capture. */
const LOCAL = ['trace', 'out', 'dir', 'note'];

export class BadArguments extends Refusal {}

/**
 * Reads the command line.
 * @returns the options in camelCase, and `command`: the ones given, as a line; null for --help
 * @throws BadArguments naming the option and what is accepted
 */
export function parseOptions(argv) {
  const options = Object.fromEntries(
    Object.entries(OPTIONS).map(([name, { kind }]) => [
      name,
      { type: kind === 'flag' ? 'boolean' : 'string' },
    ]),
  );
  let given;
  try {
    given = parseArgs({ args: argv, options }).values;
  } catch (error) {
    throw new BadArguments(error.message);
  }
  if (given.help) return null;
  const values = {};
  for (const [name, row] of Object.entries(OPTIONS))
    values[camelCase(name)] =
      given[name] === undefined ? presetOf(name, row) : valueOf(name, row, given[name]);
  for (const name of Object.keys(given)) {
    const { backends = ALL } = OPTIONS[name];
    if (!backends.includes(values.backend))
      throw new BadArguments(
        `--${name} goes with --backend ${backends.join(' or ')}, not with ${values.backend}`,
      );
  }
  if (given.device !== undefined && given.backing !== undefined)
    throw new BadArguments(
      '--device and --backing: give one, a device or what a loop device lies on',
    );
  return { ...values, command: commandOf(given) };
}

function camelCase(name) {
  return name.replace(/-./g, ([, letter]) => letter.toUpperCase());
}

function presetOf(name, { isRequired = false, preset }) {
  if (isRequired) throw new BadArguments(`--${name} is missing`);
  return preset;
}

function valueOf(name, { kind }, text) {
  if (kind === 'text' || kind === 'flag') return text;
  if (typeof kind[0] === 'string') {
    if (kind.includes(text)) return text;
    throw new BadArguments(`--${name}: '${text}' is none of ${kind.join(', ')}`);
  }
  const [least, most] = kind;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new BadArguments(`--${name}: '${text}' is no whole number from ${least} to ${most}`);
  return value;
}

function commandOf(given) {
  const parts = Object.entries(given)
    .filter(([name]) => !LOCAL.includes(name))
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`));
  return `capture.mjs ${parts.join(' ')}`;
}
