/**
 * Pages that are compressed between turns of the event loop, which frees lz4-napi's buffers: 2 MiB of
 * them at most, each of some 4 KiB. assumed
 */
export const PAGES_PER_TURN = 500;
