/**
 * `swaplab mkswap`: sets up a swap area in a file or on a block device.
 *
 * util-linux counterpart: disk-utils/mkswap.c of 2.43, with the texts of 2.38 where they differ.
 * What it decides is in `src/area/make-area.ts`; here are the options, the I/O and the warnings.
 * Beyond util-linux: `--ghost`, `--no-follow`, and areas that swaplab itself has active are refused. Left out:
 * SELinux labels.
 */
import { randomUUID } from 'node:crypto';
import {
  badPagesProblem,
  badPagesReport,
  pageSizeNotice,
  pageSizeProblem,
  parseUuid,
  planArea,
  planSize,
  UUID_BYTES,
} from '../src/area/index.ts';
import { AreaFile, canonicalPath, systemUse, type AreaFileStat } from '../src/device/area-file.ts';
import { PAGE_SIZE } from '../src/units/index.ts';
import { createProgress } from './progress.ts';
import { listActiveAreas } from './util-linux/active-table.ts';
import { findUnreadablePages } from './util-linux/bad-blocks.ts';
import {
  warnAboutExtents,
  warnAboutOwner,
  warnAboutPermissions,
} from './util-linux/file-warnings.ts';
import { MKSWAP_LINE, readMkswapLine, type MkswapSettings } from './util-linux/mkswap-options.ts';
import { readInteger } from './util-linux/numbers.ts';
import {
  ProgramExit,
  utilLinuxCommand,
  type Program,
  type UtilLinuxCommand,
} from './util-linux/program.ts';
import { timeUuid } from './util-linux/time-uuid.ts';

export const command: UtilLinuxCommand = utilLinuxCommand({
  name: 'mkswap',
  summary: 'set up a swap area',
  line: MKSWAP_LINE,
  main(program, argv) {
    const { settings, operands } = readMkswapLine(program, argv);
    const [path, blockCount, ...more] = operands;
    if (more.length > 0) {
      program.warn('only one device argument is currently supported');
      program.tryHelp();
    }
    makeArea(program, settings, path, blockCount);
    return 0;
  },
});

function readUuid(program: Program, text: string | null): Uint8Array {
  if (text === 'clear') return new Uint8Array(UUID_BYTES);
  if (text === 'time') return timeUuid();
  const uuid = parseUuid(text === null || text === 'random' ? randomUUID() : text);
  return uuid ?? program.fail('error: parsing UUID failed');
}

/** Everything after the options, in mkswap's order: nothing is opened to write before all is known. */
function makeArea(
  program: Program,
  settings: MkswapSettings,
  path: string | undefined,
  blockCount: string | undefined,
): void {
  const { isQuiet } = settings;
  const uuid = readUuid(program, settings.uuid);
  const pageSize = readPageSize(program, settings);
  if (path === undefined) {
    program.warn('error: Nowhere to set up swap on?');
    program.tryHelp();
  }
  const size = planSize({
    pageSize,
    availableBytes: availableBytes(program, settings, path, blockCount),
    offsetBytes: settings.offsetBytes,
    requestedKib: blockCount === undefined ? null : readBlockCount(program, blockCount),
    isForced: settings.isForced || settings.isGhost,
  });
  if ('error' in size) program.fail(size.error);
  const warn = (text: string): void => {
    if (!isQuiet) program.warn(text);
  };
  size.warnings.forEach(warn);
  if (isInUse(program, path)) program.fail(`error: ${path} is mounted; will not make swapspace`);

  const file = openFile(program, settings, path);
  try {
    const { pageCount } = size;
    writeArea(program, { ...settings, file, uuid, pageSize, pageCount });
  } catch (error) {
    file.abandon();
    if (error instanceof ProgramExit) throw error;
    program.failError(`${path}: unable to write signature page`, error);
  }
  file.close();
}

function readPageSize(program: Program, settings: MkswapSettings): number {
  const pageSize = settings.pageSize ?? PAGE_SIZE;
  const problem = pageSizeProblem(pageSize);
  if (problem !== null) program.fail(problem);
  const notice = pageSizeNotice(pageSize);
  if (notice !== null && !settings.isQuiet) program.warn(notice);
  if (settings.isGhost && pageSize !== PAGE_SIZE)
    program.fail(`error: a ghost area has pages of ${PAGE_SIZE} bytes, not ${pageSize}`);
  return pageSize;
}

function readBlockCount(program: Program, text: string): number {
  const range = { message: 'invalid block count argument', min: 0, max: Number.MAX_SAFE_INTEGER };
  return readInteger(program, text, range);
}

/** Bytes that there are for header, pages and what stands in front of them. */
function availableBytes(
  program: Program,
  settings: MkswapSettings,
  path: string,
  blockCount: string | undefined,
): number {
  const { sizeBytes, isFile, isGhost } = settings;
  if (isGhost && sizeBytes === null && blockCount === undefined)
    program.fail('error: --ghost needs the size that its header declares: --size SIZE');
  if (isGhost || (isFile && sizeBytes !== null && sizeBytes > 0)) return sizeBytes ?? 0;
  let file: AreaFile;
  try {
    const { noFollow } = settings;
    file = AreaFile.open(path, { access: 'read', programs: program.system, noFollow });
  } catch (error) {
    return program.failError(`cannot open ${path}`, error);
  }
  try {
    const { type } = file.stat();
    if (type === 'other') program.fail(`${path}: neither a regular file nor a block device`);
    return file.sizeBytes();
  } catch (error) {
    if (error instanceof ProgramExit) throw error;
    return program.failError(`cannot determine size of ${path}`, error);
  } finally {
    file.close();
  }
}

/** True for what the system has mounted or swaps on, and for what swaplab swaps on. */
function isInUse(program: Program, path: string): boolean {
  if (systemUse(path) !== null) return true;
  const resolved = canonicalPath(path);
  return listActiveAreas(program.io).some((area) => area.path === resolved);
}

/** Opens or makes the file, sets blocks aside, locks it. */
function openFile(program: Program, settings: MkswapSettings, path: string): AreaFile {
  const { isFile, isGhost, sizeBytes } = settings;
  const makes = isFile || isGhost;
  let file: AreaFile;
  try {
    const access = makes ? 'create' : 'write';
    const { noFollow } = settings;
    file = AreaFile.open(path, { access, programs: program.system, noFollow });
  } catch (error) {
    return program.failError(`cannot open ${path}`, error);
  }
  try {
    if (makes) prepareFile(program, file, settings);
    if (isFile && !isGhost && sizeBytes !== null && sizeBytes > 0)
      allocate(program, file, sizeBytes);
    lock(program, file, settings.lockMode);
    return file;
  } catch (error) {
    file.abandon();
    throw error;
  }
}

function prepareFile(program: Program, file: AreaFile, settings: MkswapSettings): void {
  const { path } = file;
  const stat = file.stat();
  const what = settings.isGhost ? 'ghost area' : 'swap file';
  if (stat.type !== 'regular')
    program.fail(`cannot create ${what} ${path}: node isn't regular file`);
  // A file that is longer may hold something that nobody wants cut off.
  if (settings.isGhost && stat.sizeBytes > PAGE_SIZE && !settings.isForced)
    program.fail(
      `error: ${path} has ${stat.sizeBytes} bytes, a ghost area has ${PAGE_SIZE}; ` +
        'use -f to cut it off',
    );
  if (stat.mode === 0o600) return;
  try {
    file.setMode(0o600);
  } catch (error) {
    program.failError(`cannot set permissions on ${what} ${path}`, error);
  }
}

function allocate(program: Program, file: AreaFile, sizeBytes: number): void {
  const message = `couldn't allocate swap file ${file.path}`;
  let problem: string | null;
  try {
    problem = file.allocate(sizeBytes);
  } catch (error) {
    return program.failError(message, error);
  }
  if (problem !== null) program.fail(`${message}: ${problem}`);
}

/** @source util-linux lib/blkdev.c blkdev_lock */
function lock(program: Program, file: AreaFile, lockMode: string | null): void {
  const mode = lockMode?.toLowerCase() ?? 'no';
  if (mode === 'no' || mode === '0') return;
  if (!['yes', '1', 'nonblock'].includes(mode))
    program.fail(`unsupported lock mode: ${lockMode ?? ''}`);
  let result = file.lock('nonblock');
  const { path } = file;
  if (result === 'busy') {
    if (mode === 'nonblock') program.fail(`${path}: device already locked`);
    program.io.stderr(`${program.name}: ${path}: device already locked, waiting to get lock ... `);
    result = file.lock('wait');
    if (result === 'locked') program.io.stderr('OK\n');
  }
  if (result === 'missing')
    program.fail(`${path}: failed to get lock: the program flock of util-linux is not installed`);
  if (result !== 'locked') program.fail(`${path}: failed to get lock`);
}

interface AreaWork extends Omit<MkswapSettings, 'pageSize' | 'uuid'> {
  readonly file: AreaFile;
  readonly pageSize: number;
  readonly pageCount: number;
  readonly uuid: Uint8Array;
}

/** Warns, looks for bad pages, wipes what was there, and writes the header. */
function writeArea(program: Program, work: AreaWork): void {
  const { file, isQuiet, isGhost, pageSize, pageCount, offsetBytes } = work;
  const stat = file.stat();
  const isChecked = work.isChecked && stat.type === 'block';
  if (!isQuiet) {
    if (work.isChecked && !isChecked)
      program.warn(`warning: checking bad blocks from swap file is not supported: ${file.path}`);
    warnAboutPermissions(program, file.path, stat, 'fix');
    warnAboutOwner(program, file.path, stat, 'fix');
  }
  const badPages = isChecked ? badPagesOf(program, work) : new Uint32Array();
  if (!isQuiet && !isGhost) warnAboutExtents(program, file, work.isVerbose);
  const keepsBootbits = !wipe(program, work, stat);
  const { byteOrder, label, uuid } = work;
  const area = planArea({
    ...{ pageSize, pageCount, offsetBytes, byteOrder, badPages },
    ...{ label, uuid, keepsBootbits },
  });
  if (!isQuiet) {
    program.print(area.sizeReport);
    for (const warning of area.warnings) program.warn(warning);
    program.print(area.nameReport);
  }
  if (isGhost) file.truncate(0);
  for (const { offsetBytes: at, bytes } of area.writes) file.write(at, bytes);
  // A swapon that follows reads what is on the disk.
  file.sync();
}

function badPagesOf(program: Program, work: AreaWork): Uint32Array {
  const { file, pageSize, pageCount, offsetBytes } = work;
  const bar = createProgress(
    { label: `reading ${file.path}`, unit: 'pages', total: pageCount },
    program.io,
  );
  const range = { pageSize, pageCount, offsetBytes };
  const badPages = findUnreadablePages(file, range, (done) => {
    bar.update({ done });
  });
  bar.stop();
  program.print(badPagesReport(badPages.length));
  const problem = badPagesProblem(badPages.length, pageCount, pageSize);
  if (problem !== null) program.fail(problem);
  return badPages;
}

/**
 * Wipes the magic strings of what was there before.
 *
 * @returns false when the bootbits have to stay: there is a partition table in them, or nobody can
 *   tell, and --force was not given
 */
function wipe(program: Program, work: AreaWork, stat: AreaFileStat): boolean {
  const { file, isForced, isQuiet, isGhost, offsetBytes } = work;
  // In front of an area with an offset is somebody else's, and a new file has nothing in it.
  if (offsetBytes > 0 || isGhost || (file.isCreated && stat.type === 'regular')) return true;
  const magics = file.magics();
  if (magics === null || magics === 'missing') {
    if (isForced) return true;
    if (!isQuiet)
      warnAboutBootbits(program, file.path, 'the program wipefs of util-linux is missing');
    return false;
  }
  const table = magics.find(({ isPartitionTable }) => isPartitionTable);
  if (table !== undefined && !isForced) {
    if (!isQuiet) warnAboutBootbits(program, file.path, `${table.type} partition table detected`);
    return false;
  }
  for (const { type, offsetBytes: at, lengthBytes, isPartitionTable } of magics) {
    if (isPartitionTable) continue;
    if (!isQuiet) program.warn(`${file.path}: warning: wiping old ${type} signature.`);
    file.write(at, new Uint8Array(lengthBytes));
  }
  return true;
}

function warnAboutBootbits(program: Program, path: string, why: string): void {
  program.warn(`${path}: warning: don't erase bootbits sectors`);
  program.io.stderr(`        (${why}). Use -f to force.\n`);
}
