import { describe, expect, it } from 'vitest';
import { ZswapCgroups, ZswapEntries } from '../../src/zswap/index.ts';

/** Notes what each cgroup is charged for. */
function ledger(): {
  readonly bytes: number[];
  chargeObject(cgroup: number, bytes: number): void;
  unchargeObject(cgroup: number, bytes: number): void;
} {
  const bytes: number[] = [];
  return {
    bytes,
    chargeObject: (cgroup, count) => void (bytes[cgroup] = (bytes[cgroup] ?? 0) + count),
    unchargeObject: (cgroup, count) => void (bytes[cgroup]! -= count),
  };
}

describe('cgroups in zswap', () => {
  it('are charged under v2 for the bytes of their pages, and get them back', () => {
    const charges = ledger();
    const cgroups = new ZswapCgroups([], { isCounted: true, charges });
    cgroups.charge(1, 1000);
    cgroups.charge(40, 4096);
    cgroups.charge(1, 50);
    expect([charges.bytes[1], charges.bytes[40]]).toEqual([1050, 4096]);
    expect([cgroups.bytes(1), cgroups.pages(1), cgroups.chargedBytes(1)]).toEqual([1050, 2, 1050]);
    cgroups.uncharge(1, 1000);
    cgroups.uncharge(40, 4096);
    expect([charges.bytes[1], charges.bytes[40], cgroups.pages(40)]).toEqual([50, 0, 0]);
  });

  it('are neither counted, charged nor limited under v1', () => {
    const charges = ledger();
    const settings = [{ id: 1, zswapMaxBytes: 0, zswapWriteback: false }];
    const cgroups = new ZswapCgroups(settings, { isCounted: false, charges });
    cgroups.charge(1, 1000);
    expect([cgroups.bytes(1), cgroups.pages(1), charges.bytes.length]).toEqual([0, 0, 0]);
    expect([cgroups.mayStore(1), cgroups.mayWriteBack(1)]).toEqual([true, true]);
    cgroups.uncharge(1, 1000);
    expect(cgroups.bytes(1)).toBe(0);
  });

  it('can be told anew what they may, and what they have counts at once', () => {
    const cgroups = new ZswapCgroups([], { isCounted: true, charges: null });
    cgroups.charge(20, 9000);
    expect([cgroups.mayStore(20), cgroups.mayWriteBack(20)]).toEqual([true, true]);
    cgroups.set(20, { file: 'zswap.max', bytes: 8192 });
    cgroups.set(20, { file: 'zswap.writeback', isOn: false });
    expect([cgroups.mayStore(20), cgroups.mayWriteBack(20)]).toEqual([false, false]);
    cgroups.set(20, { file: 'zswap.max', bytes: 3 * 4096 });
    cgroups.set(20, { file: 'zswap.writeback', isOn: true });
    expect([cgroups.mayStore(20), cgroups.mayWriteBack(20)]).toEqual([true, true]);
    cgroups.set(20, { file: 'zswap.max', bytes: 0 });
    expect(cgroups.mayStore(20)).toBe(false);
  });

  it('notice bytes that no entry has', () => {
    const cgroups = new ZswapCgroups([], { isCounted: true, charges: null });
    const entries = new ZswapEntries();
    cgroups.checkInvariants(entries);
    cgroups.charge(1, 10);
    expect(() => {
      cgroups.checkInvariants(entries);
    }).toThrow(/zswap\.current is what the cgroup has/);
  });
});
