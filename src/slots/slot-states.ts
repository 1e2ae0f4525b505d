/**
 * What a slot of an area is. `free`: nobody's; `written`: the page's bytes are at it; `zswap`: taken
 * for a page that zswap holds; `zero`: for one of zeros or of one word over and over; `cached`: taken
 * while nothing that is good was written there: by a folio in the swap cache that has changed or was
 * never written, or for none of the others; `bad`: can never be handed out, the header among them.
 */
export const SLOT_STATES = ['free', 'written', 'zswap', 'zero', 'cached', 'bad'] as const;
export type SlotState = (typeof SLOT_STATES)[number];
