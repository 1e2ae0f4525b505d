/**
 * What the machine is busy with when it counts an event, so that costs can be told per swap-out,
 * per swap-in and per free. The innermost operation owns the event.
 */

/** Names by index; 0 is everything else. */
export const OPERATION_NAMES = [
  'other',
  'swapOut',
  'swapIn',
  'free',
  'writeback',
  'swapoff',
] as const;

export type OperationName = (typeof OPERATION_NAMES)[number];

/** Index of each name, for `engine.enter(OPERATION.swapOut)`. */
export const OPERATION: Readonly<Record<OperationName, number>> = {
  other: 0,
  swapOut: 1,
  swapIn: 2,
  free: 3,
  writeback: 4,
  swapoff: 5,
};
