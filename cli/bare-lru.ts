/**
 * The yardstick of `bench --payload none`: an exact LRU with a page table and a slot per page over
 * typed arrays, and nothing else: no batches, cgroup, zswap, devices, time or statistics. What it
 * reaches is what this machine's JavaScript allows at all.
 */
import { Mulberry32 } from '../src/workload/index.ts';

/** Page faults (a page out and a page in each) of `draws` random touches, and their milliseconds. */
export function runBareLru(
  pages: number,
  frames: number,
  draws: number,
): { readonly swapped: number; readonly elapsedMs: number } {
  const frameOf = new Uint32Array(pages);
  const slotOf = new Uint32Array(pages);
  const pageOf = new Uint32Array(frames + 1);
  const next = new Uint32Array(frames + 1);
  const previous = new Uint32Array(frames + 1);
  const freeSlots = new Uint32Array(pages + 1);
  let freeCount = 0;
  for (let slot = pages; slot > 0; slot--) freeSlots[freeCount++] = slot;
  // Frame 0 is the head of the list: next[0] is the youngest, previous[0] the oldest.
  for (let frame = 1; frame <= frames; frame++) {
    previous[frame] = frame - 1;
    next[frame - 1] = frame;
    pageOf[frame] = frame - 1;
    frameOf[frame - 1] = frame;
  }
  previous[0] = frames;
  next[frames] = 0;
  const stream = new Mulberry32(7);
  let swapped = 0;
  const startMs = performance.now();
  for (let i = 0; i < draws; i++) {
    const page = stream.next() % pages;
    let frame = frameOf[page]!;
    if (frame === 0) {
      frame = previous[0]!;
      const victim = pageOf[frame]!;
      slotOf[victim] = freeSlots[--freeCount]!;
      frameOf[victim] = 0;
      if (slotOf[page] !== 0) {
        freeSlots[freeCount++] = slotOf[page]!;
        slotOf[page] = 0;
      }
      pageOf[frame] = page;
      frameOf[page] = frame;
      swapped += 2;
    }
    const before = previous[frame]!;
    const after = next[frame]!;
    next[before] = after;
    previous[after] = before;
    const youngest = next[0]!;
    next[0] = frame;
    previous[frame] = 0;
    next[frame] = youngest;
    previous[youngest] = frame;
  }
  return { swapped, elapsedMs: performance.now() - startMs };
}
