/** The situations that every proposal is asked about, under every design of the registry. */
import { beforeAll, describe, expect, it } from 'vitest';
import { explainSituation, situations, type Answer } from '../../src/machine/index.ts';
import { chooseDesign, designs } from '../../src/swap/index.ts';

const KEYS = Object.keys(situations);
/** Where a page of each situation is; `null`: wherever the design has put it. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  'in-file': ['file'],
  'in-zswap': ['zswap'],
  'in-writeback': ['frame'],
  'back-in-memory': ['frame'],
  zero: ['zero'],
  'ghost-refusal': ['frame'],
  'old-slot': ['file', 'zswap'],
};

const answers = new Map<string, Answer>();

function answer(design: string, situation: string): Answer {
  return answers.get(`${design} ${situation}`)!;
}

/** Hops in one line each, without those that read nothing. */
function reads({ hops }: Pick<Answer, 'hops'>): string[] {
  return hops
    .filter((hop) => hop.event !== 'none')
    .map(({ event, from, to }) => `${event} ${from}: ${to}`);
}

function eventsOf({ hops }: Pick<Answer, 'hops'>): string[] {
  return hops.map((hop) => hop.event).filter((event) => event !== 'none');
}

beforeAll(async () => {
  for (const design of Object.keys(designs))
    for (const key of KEYS)
      answers.set(`${design} ${key}`, await explainSituation(chooseDesign(design, 'test'), key));
}, 60_000);

describe('situations', () => {
  it('are seven, and each is asked of every design', () => {
    expect(KEYS).toHaveLength(7);
    expect(answers.size).toBe(7 * Object.keys(designs).length);
  });

  it.each(Object.keys(designs))('are answered by %s wherever it can write back', (design) => {
    const { writesBack } = designs[design]!;
    for (const key of KEYS) {
      const needsWriteback = key === 'in-file' || key === 'in-writeback';
      const { answered, note } = answer(design, key);
      expect([key, answered, note]).toEqual([key, writesBack || !needsWriteback, note]);
      if (!answered) expect(note).toMatch(/EINVAL; zswap\.reject_reclaim_fail [1-9]\d*, pswpout 0/);
    }
  });

  it('lead from a PTE to the very bytes of the page', () => {
    for (const [key, one] of answers) {
      if (!one.answered) continue;
      expect([key, one.hops[0]!.event]).toEqual([key, 'pteVisit']);
      expect([key, one.holds]).toEqual([key, true]);
      expect([key, PLACES[one.situation]]).toEqual([
        key,
        expect.arrayContaining([one.location!.kind]) as unknown,
      ]);
      for (const view of one.also) expect([key, view.holds]).not.toEqual([key, false]);
    }
  });

  it('list only hops whose event was counted on the way', () => {
    for (const [key, one] of answers)
      for (const { hops, events } of [one, ...one.also]) {
        const noted: Record<string, number> = {};
        for (const hop of hops)
          if (hop.event !== 'none') noted[hop.event] = (noted[hop.event] ?? 0) + hop.count;
        const counted = events as Readonly<Record<string, number>>;
        const missing = Object.entries(noted).filter(([event, n]) => (counted[event] ?? 0) < n);
        expect([key, missing]).toEqual([key, []]);
      }
  });
});

describe('data in a swapfile', () => {
  it('is found through one word of the swap table, with no xarray but that of zswap', () => {
    const { hops } = answer('swap-table', 'in-file');
    expect(eventsOf({ hops })).toEqual(['pteVisit', 'tableRead', 'zeromapRead', 'xaLoad']);
    expect(reads({ hops }).at(-1)).toBe('xaLoad zswap xarray 0/0 at 1: nothing');
  });

  it("is found through the swap cache's xarray before 6.18", () => {
    expect(reads(answer('xarray', 'in-file'))[1]).toBe('xaLoad swap cache xarray 0 at 1: a shadow');
  });

  it('has its zero flag beside its folio from phase III on', () => {
    expect(reads(answer('swap-table-4', 'in-file'))[2]).toBe(
      'tableRead zero flag in the swap table of cluster 0: not zero',
    );
  });

  it('is behind a descriptor whose cluster v6 remembers, and v3 looks up each time', async () => {
    const v6 = eventsOf(answer('vswap', 'in-file'));
    expect(v6).toContain('lookupCacheHit');
    expect(v6).not.toContain('xaLoad');
    const v3 = eventsOf(await explainSituation(chooseDesign('vswap:v3', 'test'), 'in-file'));
    expect(v3).toContain('xaLoad');
    expect(v3).not.toContain('lookupCacheHit');
  });

  it('is behind a PHYS word of the virtual table, whose cluster an xarray finds', () => {
    const lines = reads(answer('vswap-table', 'in-file'));
    expect(lines[1]).toBe('xaLoad virtual cluster map at 1: virtual cluster 1');
    expect(lines.at(-1)).toMatch(
      /^tableRead virtual table of cluster 1: PHYS: slot \d+ of area 0$/,
    );
  });

  it('is behind a redirect word under a ghost', () => {
    expect(reads(answer('ghost-redirect', 'in-file')).at(-1)).toMatch(
      /^redirectRead redirect word of index 1: slot \d+ of area 0$/,
    );
  });
});

describe('data in zswap', () => {
  it('takes a slot of a device in plain designs, and none in virtual and ghost ones', () => {
    for (const [design, kind] of Object.entries(designs)) {
      const [, pages, slots] = /^(\d+) pages in zswap: (\d+) slots/.exec(
        answer(design, 'in-zswap').note,
      )!;
      expect([design, slots]).toEqual([
        design,
        kind.areas === 'as-given' && !kind.isVirtual ? pages : '0',
      ]);
    }
  });
});

describe('data on its way from zswap to a swapfile', () => {
  it('is in a folio under writeback, and zswap has let go of it', () => {
    for (const [design, { writesBack }] of Object.entries(designs)) {
      if (!writesBack) continue;
      const one = answer(design, 'in-writeback');
      expect([design, one.location]).toEqual([
        design,
        expect.objectContaining({ kind: 'frame', writeback: true }) as unknown,
      ]);
      expect(one.also[0]!.location.kind).toBe('file');
      expect(one.note).toContain('zswap entry');
    }
  });
});

describe('a page that another page table brought back', () => {
  it('is in the frame that the child maps; its copy stays on the device', () => {
    for (const [design, { writesBack }] of Object.entries(designs)) {
      const one = answer(design, 'back-in-memory');
      const { frame } = one.location as { readonly frame: number };
      expect(one.note).toContain(`the child's PTE holds frame ${frame};`);
      expect([design, one.also.map((view) => [view.location.kind, view.holds])]).toEqual([
        design,
        writesBack ? [['file', true]] : [],
      ]);
    }
  });
});

describe('a freed old slot', () => {
  it('is given to nobody before its page is dropped, and to somebody after that', () => {
    for (const design of Object.keys(designs)) {
      const one = answer(design, 'old-slot');
      expect([design, one.note]).toEqual([
        design,
        expect.stringMatching(/2\d{3} pages were swapped out and none was given that entry/),
      ]);
      expect([design, one.also.map((view) => view.what)]).toEqual([
        design,
        expect.arrayContaining(['the page that has got its entry']) as unknown,
      ]);
    }
  });

  it('is two things where bytes move away from their entry: an index, and a slot', () => {
    for (const design of ['vswap', 'vswap-table', 'ghost-redirect']) {
      const [entry, slot] = answer(design, 'old-slot').also;
      expect([design, entry!.page === slot!.page]).toEqual([design, false]);
    }
    expect(answer('swap-table', 'old-slot').also).toHaveLength(1);
  });

  it('is a dead index under a ghost with redirects: 8 fewer when 8 pages are dropped', () => {
    const { note } = answer('ghost-redirect', 'old-slot');
    const [held, dropped] = [...note.matchAll(/dead_indices (\d+)/g)].map(([, n]) => Number(n));
    expect(held! - dropped!).toBe(8);
  });
});
