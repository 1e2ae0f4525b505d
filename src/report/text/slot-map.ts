/** The slot map of an area on the terminal: a character a cell, clusters and free runs below. */
import {
  SLOT_STATES,
  type SlotMapCell,
  type SlotMapRecord,
  type SlotState,
} from '../../runs/index.ts';
import { visible } from '../../units/index.ts';
import { grouped } from './figures.ts';
import { leadingState, STATE_WORDS } from './slot-states.ts';
import { alignTable } from './table.ts';

/** Letters, and colours of a terminal (SGR). */
const STATES: Readonly<Record<SlotState, { letter: string; colour: number }>> = {
  free: { letter: '.', colour: 90 },
  written: { letter: 'w', colour: 34 },
  zswap: { letter: 'z', colour: 32 },
  zero: { letter: 'o', colour: 36 },
  cached: { letter: 'c', colour: 33 },
  bad: { letter: 'x', colour: 31 },
};

export interface SlotMapLook {
  /** Cells a line. */
  readonly width: number;
  readonly isColoured: boolean;
}

/** @param title - what the area is called */
export function slotMapText(map: SlotMapRecord, title: string, look: SlotMapLook): string {
  const slots = map.cells.reduce((sum, cell) => sum + cell.slots, 0);
  const perCell = map.cells[0]?.slots ?? 0;
  const each = perCell === 1 ? 'a character is a slot' : `a character is ${perCell} slots`;
  return [
    `${visible(title)}: ${grouped(slots)} slots, ${each}\n\n`,
    mapLines(map.cells, look),
    '\n',
    legend(map, slots, look),
    clusterText(map),
    freeRunText(map),
  ].join('');
}

/** One line: how much of the area is in which state; for `runs show`. */
export function slotMapSummary({ cells }: SlotMapRecord): string {
  const slots = cells.reduce((sum, cell) => sum + cell.slots, 0);
  return countsOf(cells)
    .map((count, index) => ({ state: SLOT_STATES[index]!, count }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${grouped(count)} ${state} (${percent(count, slots)})`)
    .join(', ');
}

/** `free 12, nonfull[2] 3`, orders above 0 in brackets; for `runs show`. */
export function clusterSummary({ clusterLists }: SlotMapRecord): string {
  return clusterLists
    .map(
      ({ list, order, clusters }) =>
        `${visible(list)}${order > 0 ? `[${order}]` : ''} ${grouped(clusters)}`,
    )
    .join(', ');
}

function mapLines(cells: readonly SlotMapCell[], { width, isColoured }: SlotMapLook): string {
  const digits = String(cells.at(-1)?.firstSlot ?? 0).length;
  const lines: string[] = [];
  for (let first = 0; first < cells.length; first += width) {
    const line = cells.slice(first, first + width);
    const text = line.map((cell) => cellText(cell, isColoured)).join('');
    lines.push(`${String(line[0]!.firstSlot).padStart(digits)}  ${text}\n`);
  }
  return lines.join('');
}

/** Its leading state; a capital where that has at least half of the cell. */
function cellText(cell: SlotMapCell, isColoured: boolean): string {
  const { state, slots } = leadingState(cell);
  const { letter, colour } = STATES[state];
  const text = slots * 2 >= cell.slots ? letter.toUpperCase() : letter;
  return isColoured ? inColour(text, colour) : text;
}

function legend({ cells }: SlotMapRecord, slots: number, { isColoured }: SlotMapLook): string {
  const counts = countsOf(cells);
  const rows = SLOT_STATES.map((state, index) => {
    const { letter } = STATES[state];
    const both = state === 'free' ? letter : `${letter.toUpperCase()} ${letter}`;
    return [both, counts[index]!, percent(counts[index]!, slots), STATE_WORDS[state]];
  });
  const [titles = '', ...lines] = alignTable(['', 'SLOTS', 'SHARE', 'STATE'], rows).split('\n');
  const coloured = lines.map((line, index) => {
    const state = SLOT_STATES[index];
    if (!isColoured || state === undefined) return line;
    return `${inColour(line.slice(0, 3), STATES[state].colour)}${line.slice(3)}`;
  });
  return (
    [titles, ...coloured].join('\n') +
    'A cell shows its commonest state but free; a small letter: less than half of its slots.\n'
  );
}

function inColour(text: string, colour: number): string {
  return `\u001b[${colour}m${text}\u001b[0m`;
}

function clusterText({ clusterLists }: SlotMapRecord): string {
  if (clusterLists.length === 0) return '';
  const rows = clusterLists.map(({ list, order, clusters }) => [list, order, clusters]);
  return `\nClusters\n${alignTable(['LIST', 'ORDER', 'CLUSTERS'], rows)}`;
}

function freeRunText({ freeRuns }: SlotMapRecord): string {
  if (freeRuns.length === 0) return '';
  const rows = freeRuns.map(({ low, high, count }) => [
    low === high ? `${low}` : `${low}-${high}`,
    count,
  ]);
  return `\nFree slots that follow each other\n${alignTable(['SLOTS', 'RUNS'], rows)}`;
}

function countsOf(cells: readonly SlotMapCell[]): number[] {
  return SLOT_STATES.map((_, state) =>
    cells.reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0),
  );
}

function percent(count: number, of: number): string {
  return `${((count * 100) / Math.max(1, of)).toFixed(1)} %`;
}
