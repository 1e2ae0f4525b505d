/**
 * `swaplabel`: shows or changes label and UUID of an area.
 *
 * util-linux counterpart: disk-utils/swaplabel.c. Beyond it: ghost areas; and a file that swaplab
 * itself has active is as busy as one that the kernel swaps on.
 */
import {
  labelText,
  parseUuid,
  UUID_OFFSET,
  uuidText,
  volumeBytes,
  VOLUME_OFFSET,
} from '../src/area/index.ts';
import { AreaFile, canonicalPath, statAreaFile } from '../src/device/area-file.ts';
import { listActiveAreas } from './util-linux/active-table.ts';
import { Getopt, type OptionSpec } from './util-linux/getopt.ts';
import { probeHeader, readFirstBytes } from './util-linux/probe.ts';
import {
  errnoText,
  ProgramExit,
  utilLinuxCommand,
  type Program,
  type UtilLinuxCommand,
} from './util-linux/program.ts';

type OptionId = 'help' | 'version' | 'label' | 'uuid';

const OPTIONS: readonly OptionSpec<OptionId>[] = [
  { id: 'help', short: 'h', long: 'help' },
  { id: 'version', short: 'V', long: 'version' },
  { id: 'label', short: 'L', long: 'label', argument: 'required' },
  { id: 'uuid', short: 'U', long: 'uuid', argument: 'required' },
];

const USAGE = `
Usage:
 swaplabel [options] <device>

Show or change the label or UUID of a swap area.

Options:
 -L, --label <label> the new label, 15 bytes at most
 -U, --uuid <uuid>   the new UUID

 -h, --help          display this help
 -V, --version       display version
`;

interface Change {
  readonly label: string | null;
  readonly uuid: string | null;
}

export const command: UtilLinuxCommand = utilLinuxCommand({
  name: 'swaplabel',
  summary: 'show or change the label and UUID of a swap area',
  line: { options: OPTIONS, usage: USAGE },
  main(program, argv) {
    let change: Change = { label: null, uuid: null };
    const options = new Getopt(program, argv, { options: OPTIONS });
    for (const { id, value } of options) {
      if (id === 'help') program.showUsage(USAGE);
      if (id === 'version') program.showVersion();
      change = { ...change, [id]: value };
    }
    const path = options.operands[0];
    if (path === undefined) {
      program.warn('no device specified');
      return program.tryHelp();
    }
    if (change.label === null && change.uuid === null) showArea(program, path);
    else changeArea(program, path, change);
    return 0;
  },
});

/** Reads the header; ends the program when there is none. */
function probe(program: Program, path: string): NonNullable<ReturnType<typeof probeHeader>> {
  const message = `${path}: unable to probe device`;
  let header: ReturnType<typeof probeHeader>;
  try {
    if (statAreaFile(path).type === 'other') program.fail(`${message}: ${errnoText('EINVAL')}`);
    header = probeHeader(readFirstBytes(path, program.system));
  } catch (error) {
    if (error instanceof ProgramExit) throw error;
    return program.failError(message, error);
  }
  return header ?? program.fail(`${path}: not a valid swap partition`);
}

function showArea(program: Program, path: string): void {
  const header = probe(program, path);
  const label = labelText(header.volume);
  const uuid = uuidText(header.uuid);
  if (label !== null) program.print(`LABEL: ${label}\n`);
  if (uuid !== null) program.print(`UUID:  ${uuid}\n`);
}

function changeArea(program: Program, path: string, change: Change): void {
  probe(program, path);
  let file: AreaFile;
  try {
    // Not exclusively: util-linux labels a device that is in use, too.
    file = AreaFile.open(path, { isShared: true, programs: program.system });
  } catch (error) {
    return program.failError(`cannot open ${path}`, error);
  }
  try {
    const isBusy = isActiveFile(program, path);
    if (change.uuid !== null) {
      const uuid = parseUuid(change.uuid);
      if (uuid === null) program.warn(`failed to parse UUID: ${change.uuid}`);
      else write(program, file, { what: 'UUID', at: UUID_OFFSET, bytes: uuid, isBusy });
    }
    if (change.label === null) return;
    const { volume, isTruncated } = volumeBytes(change.label);
    if (isTruncated)
      program.warn(`label is too long. Truncating it to '${labelText(volume) ?? ''}'`);
    write(program, file, { what: 'label', at: VOLUME_OFFSET, bytes: volume, isBusy });
    file.sync();
  } finally {
    file.close();
  }
}

interface Patch {
  readonly what: string;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly isBusy: boolean;
}

function write(program: Program, file: AreaFile, { what, at, bytes, isBusy }: Patch): void {
  const message = `${file.path}: failed to write ${what}`;
  if (isBusy) program.fail(`${message}: ${errnoText('ETXTBSY')}`);
  try {
    file.write(at, bytes);
  } catch (error) {
    program.failError(message, error);
  }
}

/** The kernel lets nobody write to a file that it swaps on (S_SWAPFILE); block devices are open. */
function isActiveFile(program: Program, path: string): boolean {
  const resolved = canonicalPath(path);
  return listActiveAreas(program.io).some(
    (area) => area.path === resolved && area.kind !== 'partition',
  );
}
