/**
 * A swap area as a picture: cells in reading order from slot 0 on, each in the colour of the state
 * that most of its taken slots have, the stronger the more of them are taken.
 */
import { SLOT_STATES, type SlotMapCell } from '../../runs/index.ts';
import { leadingState } from '../text/slot-states.ts';
import { CHART_WIDTH, image, number, type ChartNames } from './frame.ts';
import { el, type Markup } from './markup.ts';
import { grouped } from './quantity.ts';

/** Cells in a row, and at most in a picture: neighbours are added up beyond that. */
const ROW_CELLS = 32;
const CELLS_MAX = 512;
/** Room for the number of a row's first slot. */
const LEFT = 58;

export interface SlotMapInput extends ChartNames {
  readonly cells: readonly SlotMapCell[];
}

export function slotMapChart(input: SlotMapInput): Markup {
  const cells = merged(input.cells);
  const size = (CHART_WIDTH - LEFT - 4) / ROW_CELLS;
  const rows = Math.ceil(cells.length / ROW_CELLS);
  return image(
    input,
    number(rows * size + 4),
    Array.from({ length: rows }, (_, row) => [
      // Numbers of every fourth row: others would be too close to be read.
      row % 4 === 0 &&
        el(
          'text',
          { x: LEFT - 5, y: number(row * size + size), 'text-anchor': 'end' },
          grouped(cells[row * ROW_CELLS]!.firstSlot),
        ),
      stretches(cells.slice(row * ROW_CELLS, (row + 1) * ROW_CELLS)).map(({ from, to, look }) => {
        const inRow = cells.slice(row * ROW_CELLS + from, row * ROW_CELLS + to);
        return el(
          'rect',
          {
            class: look,
            ...{ x: number(LEFT + from * size), y: number(row * size) },
            ...{ width: number((to - from) * size - 0.6), height: number(size - 0.6) },
          },
          el('title', {}, told(inRow)),
        );
      }),
    ]),
  );
}

/** Neighbours that look alike, as one mark. */
function stretches(cells: readonly SlotMapCell[]): { from: number; to: number; look: string }[] {
  const found: { from: number; to: number; look: string }[] = [];
  cells.forEach((cell, index) => {
    const look = lookOf(cell);
    const last = found.at(-1);
    if (last?.look === look) last.to = index + 1;
    else found.push({ from: index, to: index + 1, look });
  });
  return found;
}

/** Class of a cell: its leading state, and in four steps how much of it is taken. */
export function lookOf(cell: SlotMapCell): string {
  const { state } = leadingState(cell);
  if (state === 'free') return 'slot s0';
  const taken = cell.counts.slice(1).reduce((sum, count) => sum + count, 0);
  const strength = Math.min(4, Math.ceil((taken / cell.slots) * 4));
  return `slot s${SLOT_STATES.indexOf(state)} i${strength}`;
}

function told(cells: readonly SlotMapCell[]): string {
  const first = cells[0]!.firstSlot;
  const last = cells.at(-1)!.firstSlot + cells.at(-1)!.slots - 1;
  const counts = SLOT_STATES.flatMap((state, index) => {
    const count = cells.reduce((sum, cell) => sum + (cell.counts[index] ?? 0), 0);
    return count === 0 ? [] : [`${grouped(count)} ${state}`];
  });
  return `slots ${grouped(first)} to ${grouped(last)}: ${counts.join(', ')}`;
}

/** At most `CELLS_MAX` cells: as many neighbours in one as it takes. */
function merged(cells: readonly SlotMapCell[]): readonly SlotMapCell[] {
  const width = Math.ceil(cells.length / CELLS_MAX);
  if (width <= 1) return cells;
  return Array.from({ length: Math.ceil(cells.length / width) }, (_, index) => {
    const parts = cells.slice(index * width, (index + 1) * width);
    return {
      firstSlot: parts[0]!.firstSlot,
      slots: parts.reduce((sum, { slots }) => sum + slots, 0),
      counts: parts[0]!.counts.map((_, state) =>
        parts.reduce((sum, { counts }) => sum + counts[state]!, 0),
      ),
    };
  });
}
