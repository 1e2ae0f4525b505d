import { describe, expect, it } from 'vitest';
import { MemoryDevice } from '../../src/device/index.ts';
import {
  ddmin,
  Endurance,
  formatReplay,
  memoryAreas,
  parseReplay,
  parseSpec,
  performReplay,
  settingsArguments,
  sumTallies,
  shrink,
  type PreparedArea,
  type RunSpec,
} from '../../src/machine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';

const settings = { tasks: 3, children: 2, pagesPerTask: 256, phaseOperations: 512 };

function specOf(more: Readonly<Record<string, unknown>> = {}): RunSpec {
  return parseSpec(
    {
      seed: 4,
      machine: { memory: '1M', ram: '4M' },
      onWrongPage: 'count',
      workload: { name: 'endurance', arguments: settingsArguments(settings) },
      ...more,
    },
    'test',
  );
}

function areasOf(device?: (sizeBytes: number) => MemoryDevice): PreparedArea[] {
  const area = {
    ...({ kind: 'file', maxPages: 2048, badPages: [], profile: 'nvme' } as const),
    ...{ hasChecksums: false, bufferBytes: 0, isOn: true },
  };
  return memoryAreas(
    [
      { ...area, type: 0, priority: 2 },
      { ...area, type: 1, priority: 1 },
    ],
    specOf(),
  ).map((each) => (device === undefined ? each : { ...each, device: device(2048 * PAGE_SIZE) }));
}

describe('ddmin', () => {
  it('finds the places that show it together', async () => {
    const found = await ddmin(100, (places) =>
      Promise.resolve([3, 50, 98].every((each) => places.includes(each))),
    );
    expect(found).toEqual([3, 50, 98]);
  });

  it('stops when it may not go on', async () => {
    let tries = 0;
    const found = await ddmin(
      64,
      (places) => Promise.resolve(places.includes(0)),
      () => (tries += 1) <= 2,
    );
    expect(found.length).toBe(32);
  });
});

describe('an endurance run', () => {
  it('ends without a break when nothing fails, with what every page must hold for children too', async () => {
    const run = new Endurance({
      ...{ spec: specOf(), areas: areasOf(), operations: 30_000, hooks: {} },
    });
    const { verdict, totals } = await run.run();
    expect(verdict).toBe('no silent damage');
    expect(totals.forks).toBeGreaterThan(0);
    expect(totals.operations).toBe(30_000);
  });

  it('goes on with the phase after the latest, and with its totals', async () => {
    const first = new Endurance({
      ...{ spec: specOf(), areas: areasOf(), operations: 9000, hooks: {} },
    });
    await first.run();
    const from = { ...first.state(), resumed: 1 };
    const second = new Endurance({
      ...{ spec: specOf(), areas: areasOf(), operations: 18_000, hooks: {}, from },
    });
    const { totals, verdict } = await second.run();
    expect(verdict).toBe('no silent damage');
    expect(totals.operations).toBe(18_000);
    expect(second.state().phase).toBeGreaterThan(from.phase);
    expect(totals.pagesChecked).toBeGreaterThan(from.totals.pagesChecked);
  });

  it(
    'comes to its end on devices that are gone, with zswap in front',
    { timeout: 60_000 },
    async () => {
      // The worker would bring pages back to memory that reclaim stores again, in one operation for ever.
      const run = new Endurance({
        spec: specOf({
          faults: ['gone,nth=60'],
          machine: { memory: '1M', ram: '1M' },
          zswap: { enabled: true },
        }),
        ...{ areas: areasOf(), operations: 4000, hooks: {} },
      });
      const { verdict, totals, faults } = await run.run();
      expect(verdict).toBe('no silent damage');
      expect(totals.operations).toBe(4000);
      expect(faults[0]!.fired).toBeGreaterThan(0);
      // Attempts: 74 an operation; 390 where the worker does not rest after a refusal.
      expect(totals.deviceWrites).toBeLessThan(200 * totals.operations);
    },
  );

  it('keeps what became of faults over a resume, also of kinds that fire no more', () => {
    const torn = {
      kind: 'torn-write',
      fired: 3,
      detected: 1,
      unread: 0,
      lost: 1,
      harmless: 0,
    } as const;
    const rot = {
      kind: 'bit-rot',
      fired: 1,
      detected: 1,
      unread: 0,
      lost: 0,
      harmless: 0,
    } as const;
    const before = [{ ...torn, pending: 1 } as const];
    const now = [{ ...rot, pending: 0 } as const];
    const found = sumTallies(before, now);
    expect(found).toHaveLength(2);
    expect(found).toContainEqual({ ...torn, unread: 1, pending: 0 });
    expect(found).toContainEqual({ ...rot, pending: 0 });
  });

  it('calls damage that no rule has done a broken promise', async () => {
    /** Forgets the last byte of the thousandth page. */
    class Forgetful extends MemoryDevice {
      #pages = 0;
      override write(...[offset, pages, count, nowNs]: Parameters<MemoryDevice['write']>): 'ok' {
        const kept = pages.slice(0, count).map((page) => Uint8Array.from(page));
        for (const page of kept) if ((this.#pages += 1) > 500) page[10]! ^= 1;
        super.write(offset, kept, count, nowNs);
        return 'ok';
      }
    }
    const areas = areasOf((sizeBytes) => new Forgetful({ name: 'forgetful', sizeBytes }));
    const run = new Endurance({ ...{ spec: specOf(), areas, operations: 60_000, hooks: {} } });
    const { verdict, broken } = await run.run();
    expect(verdict).toBe('broken promise');
    expect(broken!.kind).toBe('mismatch');
    expect(broken!.operation).toBeLessThan(60_000);
  });

  it('writes a replay that reads back as the same, and shows the same', async () => {
    const spec = specOf({ faults: ['bit-rot,ppm=3000'] });
    const areas = areasOf();
    const run = new Endurance({ ...{ spec, areas, operations: 60_000, hooks: {} } });
    const { verdict, broken } = await run.run();
    expect(verdict).toBe('silent damage');
    const from = { phase: 0, operations: 0 };
    const limits = { from, budget: 40_000 };
    const found = await shrink({ spec, areas, plan: run.plan, broken: broken!, ...limits });
    const { replay, broken: shown } = found!;
    expect(replay.operations.count).toBeLessThan(2000);
    const text = formatReplay(replay, shown);
    const back = parseReplay(JSON.parse(text), 'test');
    expect(back.replay.operations).toEqual(replay.operations);
    expect(back.replay.steps).toEqual(replay.steps);
    expect(await performReplay(back.replay)).toEqual(shown);
    const again = await shrink({ spec, areas, plan: run.plan, broken: broken!, ...limits });
    expect(formatReplay(again!.replay, again!.broken)).toBe(text);
  });
});
