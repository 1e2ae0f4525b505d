/**
 * What mkswap and swapon say about a file that others could read or that the kernel could refuse.
 *
 * util-linux counterpart: disk-utils/mkswap.c, sys-utils/swapon.c swapon_checks.
 */
import type { AreaFile, AreaFileStat } from '../../src/device/area-file.ts';
import type { BadExtent } from '../../src/device/system-programs.ts';
import type { Program } from './program.ts';

/** mkswap tells the command that helps, swapon what the mode should be. */
export type Advice = 'fix' | 'suggest';

/** Warns about permissions that let others than root (and the group of a disk) in. */
export function warnAboutPermissions(
  program: Program,
  path: string,
  stat: AreaFileStat,
  advice: Advice,
): void {
  const forbidden = stat.type === 'block' ? 0o7007 : 0o7077;
  if ((stat.mode & forbidden) === 0) return;
  const now = octal(stat.mode);
  const good = octal(~forbidden & 0o666);
  program.warn(
    advice === 'fix'
      ? `${path}: insecure permissions ${now}, fix with: chmod ${good} ${path}`
      : `${path}: insecure permissions ${now}, ${good} suggested.`,
  );
}

/** Warns about a regular file that is not root's. mkswap is silent to those who are not root. */
export function warnAboutOwner(
  program: Program,
  path: string,
  stat: AreaFileStat,
  advice: Advice,
): void {
  if (stat.type !== 'regular' || stat.uid === 0) return;
  if (advice === 'suggest') {
    program.warn(`${path}: insecure file owner ${stat.uid}, 0 (root) suggested.`);
  } else if (process.getuid?.() === 0) {
    program.warn(`${path}: insecure file owner ${stat.uid}, fix with: chown 0:0 ${path}`);
  }
}

/** Warns about holes and other extents of a regular file that the kernel may refuse. */
export function warnAboutExtents(program: Program, file: AreaFile, isVerbose: boolean): void {
  const stat = file.stat();
  if (stat.type !== 'regular') return;
  const told = file.badExtents();
  // Where the extents are not told, the number of blocks says that there are holes, not where.
  const details = Array.isArray(told)
    ? told.map(describeExtent)
    : stat.allocatedBytes < stat.sizeBytes
      ? [holesByBlocks(stat, told === 'missing')]
      : [];
  if (details.length === 0) return;
  program.io.stderr(
    `\n${program.name}: ${file.path} contains holes or other unsupported extents.\n` +
      '        This swap file can be rejected by kernel on swap activation!\n' +
      (isVerbose
        ? `\n${details.map((detail) => ` - ${detail}\n`).join('')}`
        : '        Use --verbose for more details.\n') +
      '\n',
  );
}

function describeExtent({ kind, offsetBytes }: BadExtent): string {
  switch (kind) {
    case 'hole':
      return `hole detected at offset ${offsetBytes}`;
    case 'inline':
      return `data inline extent at offset ${offsetBytes}`;
    case 'shared':
      return `shared extent at offset ${offsetBytes}`;
    case 'unallocated':
      return `unallocated extent at offset ${offsetBytes}`;
  }
}

function holesByBlocks(stat: AreaFileStat, isFilefragMissing: boolean): string {
  const why = isFilefragMissing
    ? 'the program filefrag of e2fsprogs, which tells where, is not installed'
    : 'the file system does not tell where';
  return `${stat.sizeBytes - stat.allocatedBytes} bytes have no blocks (${why})`;
}

/** %04o */
function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
