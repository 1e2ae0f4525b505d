/**
 * Every sequence of operations of two processes that share pages by fork, on an area of six slots:
 * breadth first over the states that can be told apart, each of them checked. A state is reached by
 * replaying its operations in a new world, so what is checked is what those operations do.
 */
import { describe, expect, it } from 'vitest';
import { PG } from '../../src/frames/index.ts';
import { NO_ENTRY, NO_FRAME } from '../../src/units/index.ts';
import { designsUnderTest, type DesignUnderTest } from './support/designs.ts';
import { mustEqual } from './support/must-equal.ts';
import { HARD, TinyMemory } from './support/tiny-memory.ts';

/** A design's first revision; the others go one step less. SWAPLAB_EXHAUSTIVE_DEPTH asks for more. */
const DEPTH = Number(process.env['SWAPLAB_EXHAUSTIVE_DEPTH'] ?? 5);
const AREA_PAGES = 7;

interface Play {
  readonly memory: TinyMemory;
  /** What each page of each process must hold. */
  readonly oracle: Map<number, number[]>;
  /** Contents written so far: each is its own. */
  written: number;
}

interface Operation {
  readonly name: string;
  /** It can do something in this state. */
  readonly applies: (play: Play) => boolean;
  readonly run: (play: Play) => void;
}

const operations: readonly Operation[] = [
  ...[0, 1].flatMap((process) => [0, 1].flatMap((page) => pageOperations(process, page))),
  // Contents of other kinds, on one page: where they are written makes no difference.
  writing(0, 0, 'zeros', () => 0),
  writing(0, 0, 'hard', (written) => HARD + written),
  {
    name: 'fork',
    applies: ({ oracle }) => !oracle.has(1),
    run: ({ memory, oracle }) => {
      mustEqual(memory.fork(0), 1);
      oracle.set(1, [...oracle.get(0)!]);
    },
  },
  {
    name: 'exit child',
    applies: ({ oracle }) => oracle.has(1),
    run: ({ memory, oracle }) => {
      oracle.delete(1);
      memory.exit(1);
    },
  },
  {
    name: 'write back',
    applies: ({ memory }) => memory.swap.zswap.entries.count > 0,
    run: ({ memory }) => {
      memory.shrink();
    },
  },
  {
    name: 'swapoff and on',
    applies: ({ memory }) => memory.slotsInUse() > 0,
    run: ({ memory }) => {
      for (const { type } of memory.swap.areas()) {
        mustEqual(memory.swapoff(type).outcome, 'ok');
        mustEqual(memory.swap.space.area(type), undefined);
        memory.swapon(type);
      }
    },
  },
];

function writing(
  process: number,
  page: number,
  kind: string,
  content: (written: number) => number,
): Operation {
  return {
    name: `write ${kind} ${process}.${page}`,
    applies: ({ oracle }) => oracle.has(process),
    run: (play) => {
      play.written += 1;
      if (play.memory.write(process, page, content(play.written)) === 'ok')
        play.oracle.get(process)![page] = content(play.written);
    },
  };
}

function pageOperations(process: number, page: number): Operation[] {
  const at = `${process}.${page}`;
  return [
    writing(process, page, 'soft', (written) => written),
    {
      name: `read ${at}`,
      applies: ({ memory, oracle }) =>
        oracle.has(process) && memory.entryOf(process, page) !== NO_ENTRY,
      run: ({ memory, oracle }) => {
        mustEqual(memory.read(process, page), oracle.get(process)![page]);
      },
    },
    {
      name: `out ${at}`,
      applies: ({ memory, oracle }) =>
        oracle.has(process) && memory.frameOf(process, page) !== NO_FRAME,
      run: ({ memory }) => {
        memory.swapOut(process, page);
      },
    },
    {
      name: `drop ${at}`,
      applies: ({ memory, oracle }) =>
        oracle.has(process) && memory.pagesOf(process).includes(page),
      run: ({ memory, oracle }) => {
        memory.drop(process, page);
        oracle.get(process)![page] = 0;
      },
    },
  ];
}

function replay(under: DesignUnderTest, steps: readonly Operation[]): Play {
  const memory = new TinyMemory(under, {
    areas: [{ pages: AREA_PAGES }],
    ownPages: AREA_PAGES,
    frameCount: 8,
    poolPages: 4,
  });
  const play: Play = { memory, oracle: new Map([[0, [0, 0]]]), written: 0 };
  for (const { run } of steps) run(play);
  return play;
}

/** What tells two states apart: contents by who shares them, and where each page is. */
function keyOf({ memory, oracle }: Play): string {
  const names = new Map<string, number>();
  const nameOf = (kind: string, value: number): string => {
    const key = `${kind}${value}`;
    if (!names.has(key)) names.set(key, names.size);
    return `${kind}${names.get(key)!}`;
  };
  const { design, zswap } = memory.swap;
  const describeEntry = (entry: Parameters<typeof zswap.holds>[0]): string => {
    const frame = memory.swap.lookup(entry);
    const place = design.entries.isZero(entry) ? 'zero' : zswap.holds(entry) ? 'zswap' : 'slot';
    const slot = design.backing.slotForRead(entry);
    const cached = frame === NO_FRAME ? '' : nameOf('f', frame);
    return `${entry}:${design.entries.count(entry)}${place}${slot}${cached}`;
  };
  const parts = [...oracle].map(([process, pages]) =>
    pages
      .map((content, page) => {
        const frame = memory.frameOf(process, page);
        const entry = memory.entryOf(process, page);
        const kind = content === 0 ? 'z' : content >= HARD ? 'h' : 's';
        if (entry !== NO_ENTRY) return `${nameOf(kind, content)}=${describeEntry(entry)}`;
        if (frame === NO_FRAME) return 'none';
        const cached = memory.frames.has(frame, PG.swapcache)
          ? describeEntry(memory.frames.entry(frame))
          : '';
        const dirty = memory.frames.has(frame, PG.dirty) ? 'd' : '';
        return `${nameOf(kind, content)}=${nameOf('f', frame)}${dirty}${cached}`;
      })
      .join(','),
  );
  return `${parts.join('|')} ${memory.slotsInUse()}`;
}

function check(play: Play): void {
  const { memory, oracle } = play;
  for (const [process, pages] of oracle)
    for (const [page, content] of pages.entries()) {
      mustEqual([process, page, memory.peek(process, page)], [process, page, content]);
    }
  memory.check();
}

/** One step further from a state: checked if it is a new one. */
function explore(
  under: DesignUnderTest,
  path: readonly Operation[],
  seen: Set<string>,
): readonly Operation[] | null {
  try {
    const play = replay(under, path);
    const key = keyOf(play);
    if (seen.has(key)) return null;
    seen.add(key);
    check(play);
    const next = operations.filter((operation) => operation.applies(play));
    play.memory.checkEmpty();
    return next;
  } catch (error) {
    const names = path.map(({ name }) => name).join('; ');
    throw new StateError(`after ${names}: ${String(error)}`, { cause: error });
  }
}

describe.each(designsUnderTest)('$label', (under) => {
  const depthMax = under.revision === under.kind.revisions[0] ? DEPTH : DEPTH - 1;

  it(`is right in every state within ${depthMax} operations, and leaves nothing from any`, () => {
    const seen = new Set<string>();
    let frontier: (readonly Operation[])[] = [[]];
    for (let depth = 0; depth <= depthMax; depth++) {
      const next: (readonly Operation[])[] = [];
      for (const path of frontier)
        for (const operation of explore(under, path, seen) ?? []) next.push([...path, operation]);
      frontier = next;
    }
    expect(seen.size).toBeGreaterThan(200);
  });
});

class StateError extends Error {
  override readonly name = 'StateError';
}
