/**
 * swapon's options: the table, the help, and how each argument is read.
 *
 * util-linux counterpart: main() and usage() of sys-utils/swapon.c; --json, --no-follow and --run are
 * our own.
 */
import type { ActiveArea } from '../../src/area/index.ts';
import { readRunChoice, type RunChoice } from './ask-run.ts';
import type { SwapProperties } from './fstab.ts';
import type { UsageTable } from './description.ts';
import { Getopt, type OptionSpec } from './getopt.ts';
import { readInteger } from './numbers.ts';
import type { Program } from './program.ts';
import { selectColumns, type TableColumn } from './smartcols.ts';
import { SWAP_COLUMNS } from './swap-columns.ts';

type OptionId =
  | 'priority'
  | 'discard'
  | 'ifexists'
  | 'options'
  | 'summary'
  | 'fixpgsz'
  | 'all'
  | 'help'
  | 'verbose'
  | 'version'
  | 'show'
  | 'output-all'
  | 'annotate'
  | 'noheadings'
  | 'raw'
  | 'bytes'
  | 'fstab'
  | 'label'
  | 'uuid'
  | 'json'
  | 'no-follow'
  | 'run';

const OPTIONS: readonly OptionSpec<OptionId>[] = [
  { id: 'priority', short: 'p', long: 'priority', argument: 'required' },
  { id: 'discard', short: 'd', long: 'discard', argument: 'optional' },
  { id: 'ifexists', short: 'e', long: 'ifexists' },
  // util-linux lets the long one go without an argument, and then does nothing with it.
  { id: 'options', short: 'o', long: 'options', argument: 'required' },
  { id: 'summary', short: 's', long: 'summary' },
  { id: 'fixpgsz', short: 'f', long: 'fixpgsz' },
  { id: 'all', short: 'a', long: 'all' },
  { id: 'help', short: 'h', long: 'help' },
  { id: 'verbose', short: 'v', long: 'verbose' },
  { id: 'version', short: 'V', long: 'version' },
  { id: 'show', long: 'show', argument: 'optional' },
  { id: 'output-all', long: 'output-all' },
  { id: 'annotate', long: 'annotate', argument: 'optional' },
  { id: 'noheadings', long: 'noheadings' },
  { id: 'raw', long: 'raw' },
  { id: 'bytes', long: 'bytes' },
  { id: 'json', long: 'json' },
  { id: 'no-follow', long: 'no-follow' },
  { id: 'run', long: 'run', argument: 'required' },
  { id: 'fstab', short: 'T', long: 'fstab', argument: 'required' },
  { id: 'label', short: 'L', argument: 'required' },
  { id: 'uuid', short: 'U', argument: 'required' },
];

const EXCLUSIVE: readonly (readonly OptionId[])[] = [
  ['all', 'options', 'summary', 'show'],
  ['all', 'options', 'bytes'],
  ['all', 'options', 'noheadings'],
  ['all', 'options', 'raw'],
  ['all', 'options', 'summary', 'json'],
  ['raw', 'json'],
];

const USAGE = `
Usage:
 swapon [options] [<spec>]

Put devices and files to use as swap areas of swaplab.

Options:
 -a, --all                every swap area of the fstab
 -d, --discard[=<policy>] accepted; swaplab discards as its device profile says
 -e, --ifexists           with --all: pass over areas that do not exist
 -f, --fixpgsz            make the area anew if its page size does not fit
 -o, --options <list>     options as in the fstab: nofail, discard, pri=<prio>
 -p, --priority <prio>    priority, 0 to 32767; the highest is used first
 -s, --summary            the active areas as in /proc/swaps (DEPRECATED)
 -T, --fstab <path>       another file than /etc/fstab
     --show[=<columns>]   the active areas as a table
     --output-all         with --show: all columns
     --annotate[=<when>]  headings that explain themselves (always, never or auto)
     --noheadings         with --show: no headings
     --raw                with --show: no alignment
     --bytes              with --show: sizes in bytes
     --no-follow          refuse a file that is a symbolic link
     --json               the active areas as one JSON document, sizes in bytes
     --run <run>          the live run that gets the area, or none: no run.
                          Without it the run that gave the area up, or the
                          only live one; where there is none a later run
 -v, --verbose            say what is done

 -h, --help               display this help
 -V, --version            display version

The <spec> parameter:
 -L <label>             the same as LABEL=<label>
 -U <uuid>              the same as UUID=<uuid>
 LABEL=<label>          the device with this label
 UUID=<uuid>            the device with this UUID
 PARTLABEL=<label>      the partition with this label
 PARTUUID=<uuid>        the partition with this UUID
 <device>               a device
 <file>                 a file

Available discard policy types (for --discard):
 once    : discard the whole area when it is put to use
 pages   : discard pages when they are freed
Without one, both.

Available output columns:
${SWAP_COLUMNS.map(({ name, help }) => ` ${name.padEnd(5)}  ${help}\n`).join('')}`;

/** What swapon's command line takes, as a table and in words. */
export const SWAPON_LINE: Pick<UsageTable, 'options' | 'usage'> = {
  options: OPTIONS,
  usage: USAGE,
};

/** What swapon is told by its command line. */
export interface SwaponSettings {
  isAll: boolean;
  isSummary: boolean;
  isShow: boolean;
  isJson: boolean;
  isVerbose: boolean;
  fixesPageSize: boolean;
  hasHeadings: boolean;
  isRaw: boolean;
  isInBytes: boolean;
  isAnnotated: boolean;
  /** A symbolic link in the last component of a path is refused. */
  noFollow: boolean;
  /** null: the default ones. */
  columns: readonly TableColumn<ActiveArea>[] | null;
  properties: SwapProperties;
  /** --options, which the areas of --all do not see. */
  options: string | null;
  fstab: string | null;
  run: RunChoice;
  labels: string[];
  uuids: string[];
}

export interface SwaponLine {
  readonly settings: SwaponSettings;
  readonly specs: readonly string[];
}

/** Reads swapon's command line; the first mistake in an option ends the program. */
export function readSwaponLine(program: Program, argv: readonly string[]): SwaponLine {
  const options = new Getopt(program, argv, { options: OPTIONS, exclusive: EXCLUSIVE });
  const settings = readSettings(program, options);
  return { settings, specs: options.operands };
}

function readSettings(program: Program, options: Getopt<OptionId>): SwaponSettings {
  const settings: SwaponSettings = {
    ...{ isAll: false, isSummary: false, isShow: false, isJson: false, isVerbose: false },
    ...{ fixesPageSize: false, hasHeadings: true, isRaw: false, isInBytes: false },
    ...{
      isAnnotated: false,
      noFollow: false,
      columns: null,
      options: null,
      fstab: null,
      run: null,
      labels: [],
      uuids: [],
    },
    properties: { priority: -1, isNoFail: false },
  };
  for (const { id, value } of options) {
    const text = value ?? '';
    switch (id) {
      case 'all':
        settings.isAll = true;
        break;
      case 'options':
        settings.options = text;
        break;
      case 'priority': {
        const range = { message: 'failed to parse priority', min: -32768, max: 32767 };
        const priority = readInteger(program, text, range);
        settings.properties = { ...settings.properties, priority };
        break;
      }
      case 'label':
        settings.labels.push(text);
        break;
      case 'uuid':
        settings.uuids.push(text);
        break;
      case 'fstab':
        settings.fstab = text;
        break;
      case 'discard': {
        const policy = text.replace(/^=/, '');
        if (value !== null && policy !== 'once' && policy !== 'pages')
          program.fail(`unsupported discard policy: ${policy}`);
        break;
      }
      case 'ifexists':
        settings.properties = { ...settings.properties, isNoFail: true };
        break;
      case 'fixpgsz':
        settings.fixesPageSize = true;
        break;
      case 'summary':
        settings.isSummary = true;
        break;
      case 'verbose':
        settings.isVerbose = true;
        break;
      case 'show':
        settings.isShow = true;
        if (text !== '') settings.columns = readColumns(program, text);
        break;
      case 'output-all':
        settings.columns = SWAP_COLUMNS;
        break;
      case 'annotate':
        if (value !== null && !['always', 'never', 'auto'].includes(value))
          program.fail(`invalid argument of --annotate: ${value}`);
        // `auto` is for terminals, and a command does not know whether it writes to one.
        settings.isAnnotated = value === 'always';
        break;
      case 'noheadings':
        settings.hasHeadings = false;
        break;
      case 'raw':
        settings.isRaw = true;
        break;
      case 'bytes':
        settings.isInBytes = true;
        break;
      case 'json':
        settings.isJson = true;
        break;
      case 'no-follow':
        settings.noFollow = true;
        break;
      case 'run':
        settings.run = readRunChoice(program, text);
        break;
      case 'help':
        return program.showUsage(USAGE);
      case 'version':
        return program.showVersion();
    }
  }
  return settings;
}

function readColumns(program: Program, list: string): readonly TableColumn<ActiveArea>[] {
  const columns = selectColumns(list, SWAP_COLUMNS);
  return 'unknown' in columns ? program.fail(`unknown column: ${columns.unknown}`) : columns;
}
