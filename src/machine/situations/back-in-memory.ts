/** A page that a fault from another page table has brought back: a forked child's. */
import { PTE } from '../../memory/index.ts';
import { describeLocation } from './in-words.ts';
import type { Finding, Situation } from './situation.ts';
import type { Stage } from './stage.ts';

export const backInMemory: Situation = {
  title: 'back in memory through a fault from another page table',
  scene: {
    trace: 'pages 160\nW 0 160 seq 160 1 mix:1024\nFR 0 8 seq 8 1 -\n',
    pool: 'small-if-written-back',
    device: 'file',
  },
  ask: (stage) => ({
    afterOperation: () => (stage.machine.child === null ? look(stage) : foundByChild(stage)),
    atEnd: () => ({ note: 'the child faulted no page in whose entry its parent holds' }),
  }),
};

function look(stage: Stage): null {
  stage.survey();
  return null;
}

/** A page that the child maps and that the parent still has an entry for. */
function foundByChild(stage: Stage): Finding | null {
  const child = stage.machine.child!;
  for (const { page, location } of stage.survey()) {
    const isMapped = (child.flags(page) & PTE.present) !== 0;
    const before = stage.seen.get(page);
    if (!isMapped || location.kind !== 'frame' || before === undefined) continue;
    const outside = stage.viewOutside(
      location.dirty ? 'the slot kept for it, its bytes out of date' : 'its copy, still there',
      page,
    );
    return {
      main: stage.view("the parent's PTE after the child's fault", page),
      also: outside === null ? [] : [outside],
      note:
        `the child's PTE holds frame ${child.frame(page)}; its fault read the page from ` +
        describeLocation(before.location),
    };
  }
  return null;
}
