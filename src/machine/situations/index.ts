/** Asking a design about a situation: a small machine, a run as far as it takes, an answer. */
import type { Hop } from '../../engine/index.ts';
import type { DesignChoice, Location } from '../../swap/index.ts';
import { backInMemory } from './back-in-memory.ts';
import { inWriteback } from './in-writeback.ts';
import { oldSlot } from './old-slot.ts';
import { ghostRefusal, inFile, inZswap, zero } from './places.ts';
import type { Finding, Situation } from './situation.ts';
import { type PageView, Stage } from './stage.ts';

export { describeLocation } from './in-words.ts';
export type { Situation } from './situation.ts';
export type { PageView } from './stage.ts';

/** By key: the choices of `explain --situation`. */
export const situations: Readonly<Record<string, Situation>> = {
  'in-file': inFile,
  'in-zswap': inZswap,
  'in-writeback': inWriteback,
  'back-in-memory': backInMemory,
  zero,
  'ghost-refusal': ghostRefusal,
  'old-slot': oldSlot,
};

/** What a design says to a situation. */
export interface Answer {
  readonly design: string;
  readonly revision: string;
  readonly situation: string;
  readonly title: string;
  /** False: the design has no answer; `note` says why. */
  readonly answered: boolean;
  readonly hops: readonly Hop[];
  readonly location: Location | null;
  readonly note: string;
  readonly events: PageView['events'];
  readonly holds: boolean | null;
  /** Which page `hops` are about, in words. */
  readonly what: string;
  readonly also: readonly PageView[];
}

/** Brings a situation about under a design, and asks. */
export async function explainSituation(choice: DesignChoice, key: string): Promise<Answer> {
  const situation = situations[key]!;
  const stage = new Stage(choice, situation.scene);
  const finding = await findingOf(stage, situation);
  const { main, note, also = [] } = finding;
  return {
    design: choice.name,
    revision: choice.revision,
    situation: key,
    title: situation.title,
    answered: main !== undefined,
    what: main?.what ?? '',
    hops: main?.hops ?? [],
    location: main?.location ?? null,
    note,
    events: main?.events ?? {},
    holds: main?.holds ?? null,
    also,
  };
}

async function findingOf(stage: Stage, situation: Situation): Promise<Finding> {
  const inquiry = situation.ask(stage);
  stage.onWrite = (area, offset, length) => {
    inquiry.onWrite?.(area, offset, length);
  };
  const found: Finding[] = [];
  await stage.machine.runUntil({
    first: 1,
    afterOperation: (operations) => {
      const finding = inquiry.afterOperation(operations);
      if (finding === null) return operations + 1;
      found.push(finding);
      return 'stop';
    },
  });
  // The machine is empty by now, but an inquiry has kept what it saw.
  return found[0] ?? inquiry.atEnd();
}
