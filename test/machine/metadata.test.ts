/** Metadata of every design, read from a live machine, against formulas and published tables. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  countAsPublished,
  hasBackend,
  MetadataMachine,
  metadataViews,
  type MetadataBackend,
} from '../../src/machine/index.ts';
import { chooseDesign, designs } from '../../src/swap/index.ts';

interface PublishedTable {
  readonly rows: readonly {
    readonly design: string;
    readonly backend: MetadataBackend;
    readonly used: readonly number[];
    readonly mib: readonly number[];
  }[];
}

const published = JSON.parse(
  readFileSync(new URL('../../fixtures/published/metadata-tables.json', import.meta.url), 'utf8'),
) as Record<string, PublishedTable>;

const MIB = 1024 * 1024;
/** The tables are linear in the size: 32 GiB in steps of 4 KiB, a 512th of it here. */
const SHARE = 512;
const SIZE = (32 * 1024 * MIB) / SHARE;
const SLOTS = SIZE / 4096;

const all = Object.entries(designs).flatMap(([name, kind]) =>
  kind.revisions.flatMap((revision) =>
    (['zswap', 'disk'] as const)
      .filter((backend) => hasBackend(kind, backend))
      .map((backend) => ({ design: `${name}:${revision}`, backend })),
  ),
);

function machineOf(design: string, backend: MetadataBackend, sizeBytes = SIZE): MetadataMachine {
  return new MetadataMachine({ design, backend, sizeBytes, seed: 1 });
}

function bytesOf(machine: MetadataMachine): Record<string, number> {
  return Object.fromEntries(machine.metadata().map(({ term, bytes }) => [term, bytes]));
}

describe.each(Object.keys(metadataViews))('the published table %s', (view) => {
  it.each(published[view]!.rows.map((row) => [row.design, row.backend, row] as const))(
    'comes out to the last digit for %s, %s',
    (design, backend, row) => {
      const machine = machineOf(design, backend);
      const widths = metadataViews[view]!.rows.find((each) => each.design === design)!.widths;
      const mib = row.used.map((percent) => {
        machine.fillTo((SLOTS * percent) / 100);
        const terms = countAsPublished(widths, machine.metadata(), SLOTS);
        return (terms.reduce((sum, { bytes }) => sum + bytes, 0) * SHARE) / MIB;
      });
      expect(mib).toEqual(row.mib);
      machine.clear();
    },
  );

  it('has exactly the rows that the fixture has', () => {
    const rows = metadataViews[view]!.rows.flatMap(({ design, backends }) =>
      backends.map((backend) => `${design} ${backend}`),
    );
    expect(rows.sort()).toEqual(
      published[view]!.rows.map(({ design, backend }) => `${design} ${backend}`).sort(),
    );
  });
});

/** Bytes by term of a full area of N = 2^14 slots and its header; C clusters, S spaces of 64 MiB. */
const N = SLOTS + 1;
const C = Math.ceil(N / 512);
const S = Math.ceil(N / 16_384);
const page = (bytes: number): number => Math.ceil(bytes / 4096) * 4096;
/** Nodes of an xarray that holds indices 1 to 16384 densely, or those of one 64 MiB space. */
const NODES = 576;

describe('a full area', () => {
  const oldStatic = {
    swap_map: page(N),
    swap_cgroup: page(2 * (N + (N % 2))),
    zeromap: Math.ceil(N / 64) * 8,
    zswap_trees: 16 * S,
    percpu_swap_cluster: 160,
  };
  const plain = { swap_map_continuation: 0, zswap_xa_node: 0 };
  // 16384 entries from slot 1 on: the last is alone in the second space.
  const denseNodes = 261;

  it.each<[string, MetadataBackend, Record<string, number>]>([
    ['swap-table', 'disk', { ...oldStatic, ...plain, cluster_info: 32 * C, swap_table: 4096 * C }],
    [
      'xarray',
      'disk',
      {
        ...oldStatic,
        ...plain,
        cluster_info: 24 * C,
        address_space: 192 * S,
        // Index 0 of the second space needs no node.
        swap_cache_xa_node: NODES * denseNodes,
      },
    ],
    [
      'swap-table-4:p4',
      'disk',
      {
        cluster_info: 48 * C,
        swap_table: 4096 * C,
        memcg_table: 1024 * C,
        extend_table: 0,
        zswap_trees: 16 * S,
        zswap_xa_node: 0,
        percpu_swap_cluster: 160,
      },
    ],
    [
      'swap-table-4:p4-rfc',
      'disk',
      {
        cluster_info: 32 * C,
        swap_table: 4096 * C,
        extend_table: 0,
        zswap_trees: 16 * S,
        zswap_xa_node: 0,
        percpu_swap_cluster: 160,
      },
    ],
    [
      'swap-table-4:p3',
      'disk',
      {
        cluster_info: 40 * C,
        swap_table: 4096 * C,
        extend_table: 0,
        zeromap: oldStatic.zeromap,
        swap_cgroup: oldStatic.swap_cgroup,
        zswap_trees: 16 * S,
        zswap_xa_node: 0,
        percpu_swap_cluster: 160,
      },
    ],
  ])('takes what its formula says, %s on %s', (design, backend, expected) => {
    const machine = machineOf(design, backend);
    machine.fillTo(SLOTS);
    expect(bytesOf(machine)).toEqual(expected);
    machine.clear();
  });

  it('of vswap takes a block of 16 KiB a cluster before v6, and its parts in v6', () => {
    // Slot 0 of cluster 0 is nobody's: 16384 entries take one cluster more.
    const clusters = SLOTS / 512 + 1;
    const total = (design: string): number => {
      const machine = machineOf(design, 'zswap');
      machine.fillTo(SLOTS);
      const { swp_desc, vswap_cluster_bitmap, vswap_cluster } = bytesOf(machine);
      machine.clear();
      return swp_desc! + vswap_cluster_bitmap! + vswap_cluster!;
    };
    expect(total('vswap:v3')).toBe(16_384 * clusters);
    expect(total('vswap:v6')).toBe((512 * 24 + 64 + 64) * clusters);
  });

  it('of vswap-table takes 18 bytes an entry and 80 a cluster, and 8 more behind it on disk', () => {
    const clusters = SLOTS / 512;
    const zswap = machineOf('vswap-table', 'zswap');
    zswap.fillTo(SLOTS);
    const inZswap = bytesOf(zswap);
    expect(inZswap['virtual swap_table']).toBe(4096 * clusters);
    expect(inZswap['virtual_table']).toBe(4096 * clusters);
    expect(inZswap['virtual memcg_table']).toBe(1024 * clusters);
    expect(inZswap['virtual cluster_info']).toBe(80 * clusters);
    const disk = machineOf('vswap-table', 'disk');
    disk.fillTo(SLOTS);
    expect(bytesOf(disk)['swap_table']).toBe(4096 * C);
    // No slot behind a virtual one has a cgroup id of its own.
    expect(bytesOf(disk)['memcg_table']).toBe(0);
  });
});

describe.each(all)('metadata of $design on $backend', ({ design, backend }) => {
  it('comes back to where it began when everything is freed', () => {
    const machine = machineOf(design, backend, 8 * MIB);
    machine.fillTo(1);
    machine.freeTo(0);
    const before = bytesOf(machine);
    machine.fillTo(2048);
    machine.checkInvariants();
    const full = bytesOf(machine);
    expect(sum(full)).toBeGreaterThan(sum(before));
    machine.clear();
    // A CPU keeps an empty virtual cluster: another one than before stands elsewhere in the map.
    const left = { ...bytesOf(machine), cluster_map_xa_node: 0 };
    expect(left).toEqual({ ...before, cluster_map_xa_node: 0 });
  });

  it('counts an entry for each page, however they were freed', () => {
    const machine = machineOf(design, backend, 8 * MIB);
    machine.fillTo(2048);
    const dense = sum(bytesOf(machine));
    machine.freeTo(1024);
    machine.checkInvariants();
    const sparse = bytesOf(machine);
    const table = machine
      .metadata()
      .find(({ term }) => /^(virtual )?swap_table$|^swp_desc$|^swap_cache_xa_node$/.test(term))!;
    // A redirected page has a word in both areas.
    const isTwice = design.startsWith('ghost-redirect') && backend === 'disk';
    expect(table.units).toBe(isTwice ? 2048 : 1024);
    // Half of the entries at random leave every cluster in use: nothing is saved, but for nodes.
    expect(sum(sparse)).toBeGreaterThan(dense * 0.9);
    machine.clear();
  });
});

describe('static metadata of 1 TiB', () => {
  /** MiB per slot-array arithmetic of the four generations. @source swap table series, sums */
  it.each([
    ['xarray', 815.25],
    ['swap-table', 816.25],
    ['swap-table-4:p3', 564.25],
    ['swap-table-4:p4', 24.25],
  ])('of %s is %f MiB', (design, mib) => {
    const { kind } = chooseDesign(design, 'test');
    expect(kind.isVirtual).toBe(false);
    // A 64th of it, for the arrays are there for real; the header's share is taken off.
    const machine = machineOf(design, 'disk', (1024 * 1024 * MIB) / 64 - 4096);
    const bytes = machine
      .metadata()
      .filter(({ term, kind: each }) => each === 'static' && term !== 'percpu_swap_cluster')
      .reduce((total, term) => total + term.bytes, 0);
    expect((bytes * 64) / MIB).toBe(mib);
    machine.clear();
  });
});

function sum(bytes: Record<string, number>): number {
  return Object.values(bytes).reduce((total, each) => total + each, 0);
}
