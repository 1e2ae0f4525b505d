/** Which swapped pages are in which slots. */
import { entrySlot, entryType, type VirtualPage } from '../units/index.ts';
import { PTE, type AddressSpace } from '../memory/index.ts';
import type { SlotRun } from './run-result.ts';

/** Runs of swapped pages whose slots follow each other, task by task. */
export function slotRunsOf(spaces: readonly AddressSpace[]): SlotRun[] {
  const runs: SlotRun[] = [];
  for (const [task, space] of spaces.entries()) {
    let run: { task: number; page: number; type: number; slot: number; length: number } | null =
      null;
    for (let index = 0; index < space.pageCount; index++) {
      const page = index as VirtualPage;
      if ((space.flags(page) & PTE.swap) === 0) {
        run = null;
        continue;
      }
      const type = entryType(space.entry(page));
      const slot = entrySlot(space.entry(page));
      if (run !== null && run.type === type && run.slot + run.length === slot) {
        run.length += 1;
      } else {
        run = { task, page: index, type, slot, length: 1 };
        runs.push(run);
      }
    }
  }
  return runs;
}
