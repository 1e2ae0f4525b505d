/** What an estimate leaves out, in sentences. */
import { humanSize } from '../../src/area/index.ts';
import { grouped } from '../../src/report/text/figures.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import type { Survey } from './survey.ts';

/** This machine's memory as /proc/meminfo tells it. */
export interface MachineMemory {
  readonly ramBytes: number;
  readonly swapUsedBytes: number;
  /** What zswap's pool takes now. */
  readonly zswapPoolBytes: number;
  /** Pages that zswap holds now. */
  readonly zswapHeldBytes: number;
  /** Shared memory and tmpfs. */
  readonly sharedBytes: number;
}

export interface Audience {
  /** All processes were asked for. */
  readonly isAll: boolean;
  readonly isRoot: boolean;
}

export function fileNotes(trailingBytes: number): string[] {
  return trailingBytes === 0
    ? []
    : [`${trailingBytes} bytes behind the last whole page are left out.`];
}

export function surveyNotes(found: Survey, memory: MachineMemory, audience: Audience): string[] {
  return [
    ...leftOut(found, audience),
    ...countedTwice(found),
    ...elsewhere(found, memory, audience),
  ];
}

/** Why there may be nothing to look at, for an error. */
export function emptyReasons(found: Survey, audience: Audience): string {
  return leftOut(found, audience)
    .map((note) => `; ${note.replace(/\.$/, '').replace(/^Left/, 'left')}`)
    .join('');
}

function leftOut({ missing, ...found }: Survey, { isAll, isRoot }: Audience): string[] {
  const notes: string[] = [];
  if (isAll && missing.denied > 0)
    notes.push(
      `Left out: ${processes(missing.denied)}, permission denied` +
        (isRoot ? '.' : '; root sees those of others, too.'),
    );
  if (missing.gone > 0) notes.push(`${processes(missing.gone)} ended meanwhile.`);
  if (found.lostPages > 0)
    notes.push(
      `${grouped(found.lostPages)} pages of the sample were gone when they were to be read; those ` +
        'that were read stand for them, which the intervals leave out of account.',
    );
  if (found.lockedPages > 0)
    notes.push(`${pages(found.lockedPages)} locked in memory (mlock) are left out.`);
  if (found.skippedMappings > 0)
    notes.push(
      `${grouped(found.skippedMappings)} mappings with ${pages(found.skippedPages)} are left out: ` +
        'their address space is too large to be looked through.',
    );
  return notes;
}

function countedTwice({ repeatedPages, undecidedPages }: Survey): string[] {
  const notes: string[] = [];
  if (repeatedPages > 0)
    notes.push(
      `Pages that processes share after a fork are counted once (${pages(repeatedPages)}).`,
    );
  if (undecidedPages > 0)
    notes.push(
      `${pages(undecidedPages)} are shared with other processes and may be counted more than once: ` +
        'only root is told which pages are the same.',
    );
  return notes;
}

function elsewhere(
  { processes: all }: Survey,
  memory: MachineMemory,
  { isAll }: Audience,
): string[] {
  const notes: string[] = [];
  const swapped = all.reduce(
    (sum, { process }) => sum + process.mappings.reduce((own, { swapPages }) => own + swapPages, 0),
    0,
  );
  if (swapped > 0)
    notes.push(`${pages(swapped)} of these processes are in swap and are not looked at.`);
  if (isAll && memory.zswapHeldBytes > 0)
    notes.push(
      `zswap holds ${size(memory.zswapHeldBytes)} in ${size(memory.zswapPoolBytes)} already; ` +
        'its pool shares the limit with what is estimated here.',
    );
  if (isAll && memory.sharedBytes > 0)
    notes.push(
      `Shared memory and tmpfs (${size(memory.sharedBytes)}) can be swapped, too; not looked at.`,
    );
  return notes;
}

function processes(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'process' : 'processes'}`;
}

function pages(count: number): string {
  return size(count * PAGE_SIZE);
}

function size(bytes: number): string {
  return humanSize(bytes, 'long');
}
