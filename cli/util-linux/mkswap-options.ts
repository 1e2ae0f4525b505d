/**
 * mkswap's options: the table, the help, and how each argument is read.
 *
 * util-linux counterpart: main() and usage() of disk-utils/mkswap.c; --ghost and --no-follow are our own.
 */
import { endianness } from 'node:os';
import { SWAP_VERSION, type ByteOrder } from '../../src/area/index.ts';
import { Getopt, type OptionSpec } from './getopt.ts';
import { readInteger, readSize } from './numbers.ts';
import type { UsageTable } from './description.ts';
import type { Program } from './program.ts';

type OptionId =
  | 'check'
  | 'force'
  | 'quiet'
  | 'pagesize'
  | 'label'
  | 'swapversion'
  | 'uuid'
  | 'endianness'
  | 'offset'
  | 'size'
  | 'file'
  | 'ghost'
  | 'version'
  | 'help'
  | 'lock'
  | 'verbose'
  | 'no-follow';

const OPTIONS: readonly OptionSpec<OptionId>[] = [
  { id: 'check', short: 'c', long: 'check' },
  { id: 'force', short: 'f', long: 'force' },
  { id: 'quiet', short: 'q', long: 'quiet' },
  { id: 'pagesize', short: 'p', long: 'pagesize', argument: 'required' },
  { id: 'label', short: 'L', long: 'label', argument: 'required' },
  { id: 'swapversion', short: 'v', long: 'swapversion', argument: 'required' },
  { id: 'uuid', short: 'U', long: 'uuid', argument: 'required' },
  { id: 'endianness', short: 'e', long: 'endianness', argument: 'required' },
  { id: 'offset', short: 'o', long: 'offset', argument: 'required' },
  { id: 'size', short: 's', long: 'size', argument: 'required' },
  { id: 'file', short: 'F', long: 'file' },
  { id: 'version', short: 'V', long: 'version' },
  { id: 'help', short: 'h', long: 'help' },
  { id: 'lock', long: 'lock', argument: 'optional' },
  { id: 'verbose', long: 'verbose' },
  { id: 'ghost', long: 'ghost' },
  { id: 'no-follow', long: 'no-follow' },
];

const EXCLUSIVE: readonly (readonly OptionId[])[] = [
  ['check', 'quiet'],
  ['check', 'ghost'],
  ['offset', 'ghost'],
];

const USAGE = `
Usage:
 mkswap [options] device [size]

Set up a Linux swap area.

Options:
 -c, --check               look for unreadable pages first
 -f, --force               let the area be larger than the device
 -q, --quiet               no output and no warnings
 -p, --pagesize SIZE       page size in bytes
 -L, --label LABEL         label of the area
 -v, --swapversion NUM     version of the swap format; only 1 is left
 -U, --uuid UUID           UUID of the area, or clear, random or time
 -e, --endianness=<value>  byte order of the header (native, little or big)
 -o, --offset OFFSET       bytes in front of the area
 -s, --size SIZE           size of the swap file or of the ghost, in bytes
 -F, --file                make a swap file, all of its blocks allocated
     --ghost               make an area that is a header only: one page on the
                             disk that declares the size given by --size
     --no-follow           refuse a file that is a symbolic link
     --verbose             say more about problems
     --lock[=<mode>]       lock the device exclusively (yes, no or nonblock)

 -h, --help                display this help
 -V, --version             display version

SIZE may be followed by K, M, G or T (powers of 1024) or KB, MB, GB or TB.
The operand size is a number of KiB.
`;

/** What mkswap's command line takes, as a table and in words. */
export const MKSWAP_LINE: Pick<UsageTable, 'options' | 'usage'> = {
  options: OPTIONS,
  usage: USAGE,
};

/** What mkswap is told by its options. */
export interface MkswapSettings {
  isChecked: boolean;
  isForced: boolean;
  isQuiet: boolean;
  isVerbose: boolean;
  isFile: boolean;
  isGhost: boolean;
  /** A symbolic link in the last component of the path is refused. */
  noFollow: boolean;
  pageSize: number | null;
  label: string | null;
  uuid: string | null;
  byteOrder: ByteOrder;
  offsetBytes: number;
  sizeBytes: number | null;
  /** `yes`, `no`, `nonblock`, or what the user wrote; null without a wish. */
  lockMode: string | null;
}

export interface MkswapLine {
  readonly settings: MkswapSettings;
  readonly operands: readonly string[];
}

/** Reads mkswap's command line; the first mistake in an option ends the program. */
export function readMkswapLine(program: Program, argv: readonly string[]): MkswapLine {
  const options = new Getopt(program, argv, { options: OPTIONS, exclusive: EXCLUSIVE });
  const settings = readSettings(program, options);
  return { settings, operands: options.operands };
}

function readSettings(program: Program, options: Getopt<OptionId>): MkswapSettings {
  const native: ByteOrder = endianness() === 'BE' ? 'big' : 'little';
  const settings: MkswapSettings = {
    ...{ isChecked: false, isForced: false, isQuiet: false, isVerbose: false },
    ...{ isFile: false, isGhost: false, noFollow: false, pageSize: null, label: null, uuid: null },
    ...{ byteOrder: native, offsetBytes: 0, sizeBytes: null },
    lockMode: program.io.env['LOCK_BLOCK_DEVICE'] ?? null,
  };
  for (const { id, value } of options) {
    const text = value ?? '';
    switch (id) {
      case 'check':
        settings.isChecked = true;
        break;
      case 'force':
        settings.isForced = true;
        break;
      case 'quiet':
        settings.isQuiet = true;
        break;
      case 'verbose':
        settings.isVerbose = true;
        break;
      case 'file':
        settings.isFile = true;
        break;
      case 'no-follow':
        settings.noFollow = true;
        break;
      case 'ghost':
        settings.isGhost = true;
        break;
      case 'pagesize': {
        const range = { message: 'parsing page size failed', min: 0, max: 0xffffffff };
        settings.pageSize = readInteger(program, text, range);
        break;
      }
      case 'label':
        settings.label = text;
        break;
      case 'uuid':
        settings.uuid = text;
        break;
      case 'swapversion':
        checkVersion(program, text);
        break;
      case 'endianness':
        settings.byteOrder = text === 'native' ? native : readByteOrder(program, text);
        break;
      case 'offset': {
        const range = { message: 'invalid offset', min: 0, max: Number.MAX_SAFE_INTEGER };
        settings.offsetBytes = readInteger(program, text, range);
        break;
      }
      case 'size':
        settings.sizeBytes = readSize(program, text, 'invalid size');
        break;
      case 'lock':
        settings.lockMode = value?.replace(/^=/, '') ?? 'yes';
        break;
      case 'help':
        return program.showUsage(USAGE);
      case 'version':
        return program.showVersion();
    }
  }
  return settings;
}

function checkVersion(program: Program, text: string): void {
  const range = { message: 'parsing version number failed', min: -(2 ** 31), max: 2 ** 31 - 1 };
  const version = readInteger(program, text, range);
  if (version !== SWAP_VERSION) program.fail(`swapspace version ${version} is not supported`);
}

function readByteOrder(program: Program, text: string): ByteOrder {
  if (text === 'little' || text === 'big') return text;
  return program.fail(`invalid endianness ${text} is not supported`);
}
