/** What each kind of fault does to a device, and what its caller is told. */
import { describe, expect, it } from 'vitest';
import {
  FaultLedger,
  LatencyDevice,
  MemoryDevice,
  deviceProfile,
  parseFaultRule,
  stackFaults,
  type BlockDevice,
  type FaultStack,
} from '../../../src/device/index.ts';
import { CostProfile, Engine } from '../../../src/engine/index.ts';
import { defaultCosts } from '../../../src/engine/profiles/default-costs.ts';
import { PAGE_SIZE, type Outcome } from '../../../src/units/index.ts';

const PAGES = 64;

/** A device of 64 pages whose page n holds n everywhere, under rules. */
class World {
  readonly raw = new MemoryDevice({ name: 'a', sizeBytes: PAGES * PAGE_SIZE });
  readonly engine = new Engine({ seed: 7, cpuCount: 1, costs: new CostProfile(defaultCosts) });
  readonly told: string[] = [];
  operation = 0;
  readonly ledger = new FaultLedger({
    operation: () => this.operation,
    onConsequence: (id, consequence) => this.told.push(`${id} ${consequence}`),
  });
  readonly stack: FaultStack;

  constructor(...rules: string[]) {
    for (let page = 1; page < PAGES; page++)
      this.raw.write(page * PAGE_SIZE, [Buffer.alloc(PAGE_SIZE, page)], 1, 0);
    const stream = this.engine.stream('device');
    const inner = new LatencyDevice(this.raw, deviceProfile('nvme', 'device'), stream);
    const { engine, ledger, raw } = this;
    const parsed = rules.map((rule) => parseFaultRule(rule, 'test'));
    const common = { inner, raw, engine, ledger, hasBytes: true, type: 0 };
    this.stack = stackFaults({ ...common, rules: parsed })!;
  }

  get device(): BlockDevice {
    return this.stack.outer;
  }

  /** Writes pages full of `value`. */
  write(page: number, count: number, value: number, nowNs = 0): Outcome {
    const pages = Array.from({ length: count }, () => Buffer.alloc(PAGE_SIZE, value));
    return this.device.write(page * PAGE_SIZE, pages, count, nowNs);
  }

  /** The outcome of a read, and the page. */
  read(page: number, nowNs = 0): [Outcome, Buffer] {
    const target = Buffer.alloc(PAGE_SIZE, 0xee);
    this.ledger.beginRead();
    return [this.device.read(page * PAGE_SIZE, [target], 1, nowNs), target];
  }

  /** What is stored, past all rules. */
  stored(page: number): Buffer {
    const target = Buffer.alloc(PAGE_SIZE);
    this.raw.read(page * PAGE_SIZE, [target], 1, 0);
    return target;
  }

  consequence(): string[] {
    this.ledger.checkInvariants();
    return this.told;
  }
}

/** Bytes of a page that hold `value`. */
const holding = (page: Buffer, value: number): number =>
  page.reduce((count, byte) => count + (byte === value ? 1 : 0), 0);

describe('a fault', () => {
  it('eio-read fails the read and leaves the buffer alone', () => {
    const world = new World('eio-read,nth=2');
    expect(world.read(3)[1]).toEqual(Buffer.alloc(PAGE_SIZE, 3));
    const [outcome, buffer] = world.read(4);
    expect([outcome, holding(buffer, 0xee)]).toEqual(['EIO', PAGE_SIZE]);
    expect(world.read(4)[0]).toBe('ok');
    expect(world.consequence()).toEqual(['1 detected']);
  });

  it.each(['eio-write', 'enospc'])('%s fails the write, and nothing is written', (kind) => {
    const world = new World(kind);
    expect(world.write(5, 2, 99)).toBe(kind === 'enospc' ? 'ENOSPC' : 'EIO');
    expect([world.stored(5)[0], world.stored(6)[0]]).toEqual([5, 6]);
    // Refused at once: no time of a write.
    expect(world.device.completionNs).toBe(0);
    expect(world.consequence()).toEqual(['1 detected']);
  });

  it('torn-write leaves a first part new, in sectors, and the rest old', () => {
    const cuts = new Set<number>();
    for (let page = 1; page < 40; page++) {
      const world = new World('torn-write');
      expect(world.write(page, 1, 200)).toBe('ok');
      const stored = world.stored(page);
      const cut = holding(stored, 200);
      expect([cut % 512, cut > 0, cut < PAGE_SIZE]).toEqual([0, true, true]);
      expect(holding(stored.subarray(cut), page)).toBe(PAGE_SIZE - cut);
      cuts.add(cut);
    }
    const many = new World('torn-write,ppm=1000000');
    many.write(1, 40, 200);
    for (let page = 1; page <= 40; page++) cuts.add(holding(many.stored(page), 200));
    expect(cuts.size).toBe(7);
  });

  it('torn over what was there already is harmless', () => {
    const world = new World('torn-write');
    expect(world.write(9, 1, 9)).toBe('ok');
    expect(world.consequence()).toEqual(['1 harmless']);
  });

  it('lost-write acknowledges and leaves all as it was, in the time of a write', () => {
    const world = new World('lost-write');
    expect(world.write(5, 3, 99)).toBe('ok');
    const lostNs = world.device.completionNs;
    expect([5, 6, 7].map((page) => world.stored(page)[77])).toEqual([5, 6, 7]);
    const good = new World('lost-write,nth=2');
    good.write(5, 3, 99);
    expect(lostNs).toBe(good.device.completionNs);
  });

  it('misdirected-write damages two pages, none of them the header, and is one fault', () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = new World(`misdirected-write,nth=${seed + 1}`);
      for (let i = 0; i <= seed; i++) world.write(20, 1, 100 + i);
      const value = 100 + seed;
      expect(world.stored(20)[0]).not.toBe(value);
      expect(world.stored(0)[0]).toBe(0);
      const hit = Array.from({ length: PAGES }, (_, page) => page).filter(
        (page) => world.stored(page)[0] === value,
      );
      expect(hit.length).toBe(1);
      expect([...world.stack.damage.sites()].length).toBe(2);
      world.device.discard(20 * PAGE_SIZE, PAGE_SIZE, 0);
      expect(world.consequence()).toEqual([]);
      world.device.discard(hit[0]! * PAGE_SIZE, PAGE_SIZE, 0);
      expect(world.consequence()).toEqual(['1 unread']);
    }
  });

  it('bit-rot flips one bit of what is stored', () => {
    const world = new World('bit-rot');
    world.write(8, 1, 0);
    const ones = world
      .stored(8)
      .reduce((sum, byte) => sum + (byte === 0 ? 0 : Math.log2(byte) % 1 === 0 ? 1 : 9), 0);
    expect(ones).toBe(1);
  });

  it('latent cannot be read until it is rewritten', () => {
    const world = new World('latent');
    expect(world.write(8, 2, 77)).toBe('ok');
    expect(world.read(8)[0]).toBe('EIO');
    expect(world.read(8)[0]).toBe('EIO');
    world.write(8, 1, 78);
    expect(world.read(8)).toEqual(['ok', Buffer.alloc(PAGE_SIZE, 78)]);
    expect(world.read(9)[0]).toBe('EIO');
    world.ledger.readFailed('EIO');
    expect(world.consequence()).toEqual(['1 detected']);
  });

  it('short-write writes a first part, short-read reads one: both are errors', () => {
    const writes = new World('short-write');
    expect(writes.write(5, 4, 99)).toBe('EIO');
    const written = [5, 6, 7, 8].reduce((sum, page) => sum + holding(writes.stored(page), 99), 0);
    expect([written % 512, written > 0, written < 4 * PAGE_SIZE]).toEqual([0, true, true]);
    const reads = new World('short-read');
    const [outcome, buffer] = reads.read(5);
    expect(outcome).toBe('EIO');
    const part = holding(buffer, 5);
    expect([part % 512, part > 0, holding(buffer, 0xee)]).toEqual([0, true, PAGE_SIZE - part]);
  });

  it('stall holds up whatever comes meanwhile for 10 s, slow one transfer', () => {
    const stalled = new World('stall,nth=2');
    stalled.read(3, 1000);
    expect(stalled.device.completionNs).toBeLessThan(1e9);
    stalled.read(3, 2000);
    expect(stalled.device.completionNs).toBeGreaterThan(10e9);
    stalled.read(4, 5e9);
    expect(stalled.device.completionNs).toBeGreaterThan(10e9);
    stalled.read(4, 20e9);
    expect(stalled.device.completionNs).toBeLessThan(20.1e9);
    const slow = new World('slow,duration=3s');
    slow.read(3);
    expect(slow.device.completionNs).toBeGreaterThan(3e9);
    slow.read(4, 4e9);
    expect(slow.device.completionNs).toBeLessThan(4.1e9);
    expect(slow.consequence()).toEqual(['1 harmless']);
  });

  it('gone fails everything from then on', () => {
    const world = new World('gone,nth=2');
    expect(world.write(5, 1, 99)).toBe('ok');
    expect(world.read(5)[0]).toBe('EIO');
    expect([world.write(5, 1, 98), world.read(6)[0], world.device.flush()]).toEqual([
      ...['EIO', 'EIO', 'EIO'],
    ]);
    expect(world.stored(5)[0]).toBe(99);
    expect(world.consequence()).toEqual(['1 detected']);
  });

  it('in sectors damages the sectors of the transfer only', () => {
    const world = new World('lost-write');
    const bytes = Buffer.alloc(1536, 99);
    expect(world.device.writeSectors(5 * PAGE_SIZE + 3584, bytes, 1536, 0)).toBe('ok');
    expect([holding(world.stored(5), 5), holding(world.stored(6), 6)]).toEqual([4096, 4096]);
    const masks = [...world.stack.damage.sites()].map(({ sectors }) => sectors);
    expect(masks).toEqual([0x80, 0x03]);
  });
});

describe('the address of a rule', () => {
  const hits = (
    rule: string,
    work: (world: World, at: number) => Outcome,
    count: number,
  ): number[] => {
    const world = new World(rule);
    const hit: number[] = [];
    for (let at = 1; at <= count; at++) if (work(world, at) !== 'ok') hit.push(at);
    return hit;
  };
  const readOne = (world: World): Outcome => world.read(3)[0];

  it('nth counts matching operations, and every goes on from there', () => {
    expect(hits('eio-read,nth=3', readOne, 20)).toEqual([3]);
    expect(hits('eio-read,nth=3,every=5', readOne, 20)).toEqual([3, 8, 13, 18]);
    expect(hits('eio-read,nth=3,every=5,times=2', readOne, 20)).toEqual([3, 8]);
    // Writes are none of its business.
    const both = (world: World, at: number): Outcome =>
      at % 2 === 0 ? readOne(world) : world.write(9, 1, 1);
    expect(hits('eio-read,nth=3', both, 20)).toEqual([6]);
  });

  it('page, operation and time find theirs', () => {
    expect(hits('eio-read,page=7', (world, at) => world.read(at)[0], 20)).toEqual([7]);
    const operate = (world: World, at: number): Outcome => {
      world.operation = at * 10;
      world.engine.spend(1e9);
      return readOne(world);
    };
    expect(hits('eio-read,operation=55', operate, 20)).toEqual([6]);
    expect(hits('eio-read,time=8.5s', operate, 20)).toEqual([9]);
  });

  it('ppm hits as many pages as it says, however they are grouped', () => {
    for (const count of [1, 16]) {
      const world = new World('bit-rot,ppm=50000');
      for (let i = 0; i < 16000 / count; i++) world.write(1, count, 0);
      const [tally] = world.ledger.tallies();
      expect(Math.abs(tally!.fired - 800)).toBeLessThan(110);
    }
  });

  it('another area is left alone, and two rules both act', () => {
    expect(() => new World('eio-read,area=b').device.name).toThrow();
    const world = new World('eio-read,area=a,nth=2', 'stall,area=area0,nth=1');
    expect(world.read(1)[0]).toBe('ok');
    expect(world.device.completionNs).toBeGreaterThan(10e9);
    expect(world.read(1)[0]).toBe('EIO');
  });
});
