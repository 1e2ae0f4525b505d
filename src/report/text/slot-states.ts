/** What the states of slots are called in legends, and which of them a cell of a map shows. */
import { SLOT_STATES, type SlotMapCell, type SlotState } from '../../runs/index.ts';

export const STATE_WORDS: Readonly<Record<SlotState, string>> = {
  free: 'free',
  written: 'written: the page is at the slot',
  zswap: 'taken for a page in zswap',
  zero: 'taken for a page of zeros or of one word',
  cached: 'taken, nothing written',
  bad: 'bad, or the header',
};

/** The commonest state but free, of several the first, and its slots; free where there is none. */
export function leadingState({ counts }: Pick<SlotMapCell, 'counts'>): {
  readonly state: SlotState;
  readonly slots: number;
} {
  return SLOT_STATES.slice(1).reduce<{ state: SlotState; slots: number }>(
    (most, state, index) => {
      const slots = counts[index + 1] ?? 0;
      return slots > most.slots ? { state, slots } : most;
    },
    { state: 'free', slots: 0 },
  );
}
