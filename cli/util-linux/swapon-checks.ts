/**
 * What swapon looks at before it asks the kernel: permissions, holes, page size, and what software
 * suspend left. The last two it can put right.
 *
 * util-linux counterpart: swapon_checks() and its helpers in sys-utils/swapon.c.
 */
import {
  findSignature,
  labelText,
  readFields,
  SIGNATURE,
  SIGNATURE_BYTES,
  SIGNATURE_SEARCH_BYTES,
  SWAP_VERSION,
  uuidText,
  type FoundSignature,
} from '../../src/area/index.ts';
import { AreaFile } from '../../src/device/area-file.ts';
import { codeOf } from '../../src/device/file-device.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { warnAboutOwner, warnAboutPermissions } from './file-warnings.ts';
import type { Program } from './program.ts';

export interface SwaponChecks {
  readonly isVerbose: boolean;
  readonly fixesPageSize: boolean;
  readonly noFollow: boolean;
  /** Runs mkswap with a command line; answers its exit status. */
  makeSwap(argv: readonly string[]): number;
}

/** Checks an area, and puts right what it may. @returns false when swapon has to leave it */
export function checkBeforeSwapon(program: Program, path: string, checks: SwaponChecks): boolean {
  let file: AreaFile;
  try {
    const { noFollow } = checks;
    file = AreaFile.open(path, { access: 'read', programs: program.system, noFollow });
  } catch (error) {
    program.warnError(`cannot open ${path}`, error);
    if (checks.noFollow && codeOf(error) === 'ELOOP')
      program.warn(`${path}: it is a symbolic link, which --no-follow refuses`);
    return false;
  }
  try {
    return checkFile(program, file, checks);
  } finally {
    file.close();
  }
}

function checkFile(program: Program, file: AreaFile, checks: SwaponChecks): boolean {
  const { path } = file;
  const stat = file.stat();
  warnAboutPermissions(program, path, stat, 'suggest');
  warnAboutOwner(program, path, stat, 'suggest');
  if (stat.type === 'regular' && stat.allocatedBytes < stat.sizeBytes) {
    program.warn(`${path}: skipping - it appears to have holes.`);
    return false;
  }
  const bytes = readHeaderBytes(file);
  const signature = bytes === null ? null : findSignature(bytes);
  if (bytes === null || signature === null) {
    program.warn(`${path}: read swap header failed`);
    return false;
  }
  const { pageSize, kind } = signature;
  if (checks.isVerbose)
    program.warn(`${path}: found signature [pagesize=${pageSize}, signature=${kind}]`);
  if (kind === 'swap') return checkPageSize(program, file, { ...checks, bytes, signature });
  program.warn(`${path}: software suspend data detected. Rewriting the swap signature.`);
  return rewriteSignature(program, path, { pageSize, noFollow: checks.noFollow });
}

/** null where nothing can be read, as from a folder or a pipe. */
function readHeaderBytes(file: AreaFile): Uint8Array | null {
  try {
    return file.read(0, SIGNATURE_SEARCH_BYTES);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return null;
    throw error;
  }
}

interface PageSizeChecks extends SwaponChecks {
  readonly bytes: Uint8Array;
  readonly signature: FoundSignature;
}

function checkPageSize(program: Program, file: AreaFile, checks: PageSizeChecks): boolean {
  const { path } = file;
  const { bytes, isVerbose } = checks;
  const { pageSize } = checks.signature;
  const header = readFields(bytes, pageSize);
  const lastPage = header.version === SWAP_VERSION ? header.lastPage : 0;
  const swapBytes = (lastPage + 1) * pageSize;
  const deviceBytes = file.sizeBytes();
  if (isVerbose)
    program.warn(`${path}: pagesize=${pageSize}, swapsize=${swapBytes}, devsize=${deviceBytes}`);
  if (swapBytes > deviceBytes) {
    const size = swapBytes.toString(16).padStart(8, '0');
    if (isVerbose)
      program.warn(`${path}: last_page 0x${size} is larger than actual size of swapspace`);
    return true;
  }
  if (pageSize === PAGE_SIZE) return true;
  const mismatch = `${path}: swap format pagesize does not match.`;
  if (!checks.fixesPageSize) {
    program.warn(`${mismatch} (Use --fixpgsz to reinitialize it.)`);
    return true;
  }
  program.warn(mismatch);
  program.warn(`${path}: reinitializing the swap.`);
  const label = labelText(header.volume);
  const uuid = uuidText(header.uuid);
  const names = [...(label === null ? [] : ['-L', label]), ...(uuid === null ? [] : ['-U', uuid])];
  const follow = checks.noFollow ? ['--no-follow'] : [];
  return checks.makeSwap([...names, ...follow, '--', path]) === 0;
}

/** Puts swap's signature in the place of suspend's. */
function rewriteSignature(
  program: Program,
  path: string,
  { pageSize, noFollow }: { readonly pageSize: number; readonly noFollow: boolean },
): boolean {
  let file: AreaFile;
  try {
    file = AreaFile.open(path, { isShared: true, programs: program.system, noFollow });
  } catch (error) {
    program.warnError(`cannot open ${path}`, error);
    return false;
  }
  try {
    file.write(pageSize - SIGNATURE_BYTES, new TextEncoder().encode(SIGNATURE));
    file.sync();
    return true;
  } catch (error) {
    program.warnError(`${path}: write signature failed`, error);
    return false;
  } finally {
    file.close();
  }
}
