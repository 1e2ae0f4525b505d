/** Metadata of every design, read from a live machine, against formulas and published tables. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  countAsPublished,
  hasBackend,
  MetadataMachine,
  metadataViews,
  slabRounding,
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
        const terms = countAsPublished(widths, machine.metadata(), machine.slotsWithoutPage);
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

describe('a published count', () => {
  const infos = { term: 'cluster_info', kind: 'static', bytes: 0 } as const;

  it('of cluster infos follows the clusters that there are', () => {
    // 33 clusters, of which the header and the rest of the last hold no page.
    const count = (clusters: number): number | undefined =>
      countAsPublished({ cluster_info: 32 / 512 }, [{ ...infos, units: clusters }], 512)[0]?.bytes;
    expect([count(32), count(33), count(34)]).toEqual([31 * 32, 32 * 32, 33 * 32]);
  });

  it('of an entry that was leaked is off by its width', () => {
    const machine = machineOf('swap-table', 'zswap');
    machine.fillTo(1);
    const { widths } = metadataViews['vss-v5']!.rows[0]!;
    const empty = 25 * MIB;
    const terms = countAsPublished(widths, machine.metadata(), machine.slotsWithoutPage);
    const bytes = terms.reduce((sum, term) => sum + term.bytes, 0);
    expect(bytes - empty / SHARE).toBe(16);
    machine.clear();
  });
});

/** A full area: N slots with its header, C clusters, S spaces of 64 MiB, V virtual clusters. */
const N = SLOTS + 1;
const C = Math.ceil(N / 512);
const S = Math.ceil(N / 16_384);
const page = (bytes: number): number => Math.ceil(bytes / 4096) * 4096;
const bits = Math.ceil(N / 64) * 8;
/**
 * Nodes of an xarray of slots 1 to 16383: 256 leaves, 4 above, 1 root. Slot 16384 is alone in the
 * second space; zswap's tree has it under its whole index (3 nodes), the swap cache under 0 (none).
 */
const NODE = 576;
const DENSE_NODES = 256 + 4 + 1;
const zswapNodes = (backend: MetadataBackend): number =>
  backend === 'zswap' ? NODE * (DENSE_NODES + 3) : 0;

type Formula = (backend: MetadataBackend) => Record<string, number>;

const ofMap = (rest: Record<string, number>): Formula => {
  return (backend) => ({
    swap_map: page(N),
    swap_cgroup: page(2 * (N + (N % 2))),
    zeromap: bits,
    swap_map_continuation: 0,
    zswap_trees: 16 * S,
    zswap_xa_node: zswapNodes(backend),
    percpu_swap_cluster: 160,
    ...rest,
  });
};
const ofTables = (rest: Record<string, number>): Formula => {
  return (backend) => ({
    swap_table: 4096 * C,
    extend_table: 0,
    zswap_trees: 16 * S,
    zswap_xa_node: zswapNodes(backend),
    percpu_swap_cluster: 160,
    ...rest,
  });
};
/** Slot 0 is nobody's, so 16384 entries take 33 clusters; all of them stand in one node. */
const ofVswap = (restOfBlock: number): Formula => {
  return (backend) => ({
    swp_desc: 512 * 24 * 33,
    vswap_cluster_bitmap: 64 * 33,
    vswap_cluster: restOfBlock * 33,
    cluster_map_xa_node: NODE,
    percpu_swap_cluster: 160,
    ...(backend === 'zswap'
      ? { cluster_info: 0 }
      : {
          cluster_info: 32 * C,
          allocated_bitmap: bits,
          bad_bitmap: bits,
          reverse_map: 4096 * C,
        }),
  });
};

/** Every term of every design and revision, by the arithmetic of the kernels' structs. */
const formulas: Readonly<Record<string, Formula>> = {
  'xarray:6.17': ofMap({
    cluster_info: 24 * C,
    address_space: 192 * S,
    swap_cache_xa_node: NODE * DENSE_NODES,
  }),
  'swap-table:6.18': ofMap({ cluster_info: 32 * C, swap_table: 4096 * C }),
  'ghost:rfc': ofMap({ cluster_info: 32 * C, swap_table: 4096 * C }),
  'swap-table-4:p4': ofTables({ cluster_info: 48 * C, memcg_table: 1024 * C }),
  'swap-table-4:p4-rfc': ofTables({ cluster_info: 32 * C }),
  'swap-table-4:p3': ofTables({
    cluster_info: 40 * C,
    zeromap: bits,
    swap_cgroup: page(2 * (N + (N % 2))),
  }),
  // Infos come by the page of 85.
  'xswap:v2': ofTables({ cluster_info: 48 * 85, memcg_table: 1024 * C }),
  'ghost-redirect:sketch': (backend) => {
    const areas = backend === 'zswap' ? 1 : 2;
    return {
      ...ofTables({})(backend),
      swap_table: 4096 * C * areas,
      memcg_table: 1024 * C * areas,
      cluster_info: 48 * C * areas,
      zswap_trees: 16 * S * areas,
      redirect_table: backend === 'zswap' ? 0 : 2048 * C,
      percpu_swap_cluster: 40 * areas,
    };
  },
  // Before v6 descriptors, bitmap and head are one block of 16 KiB.
  'vswap:v3': ofVswap(16_384 - 512 * 24 - 64),
  'vswap:v5': ofVswap(16_384 - 512 * 24 - 64),
  'vswap:v6': ofVswap(64),
  // Cluster 0 is left out.
  'vswap-table:rfc-v2': (backend) => ({
    'virtual cluster_info': 80 * 32,
    'virtual swap_table': 4096 * 32,
    'virtual extend_table': 0,
    'virtual memcg_table': 1024 * 32,
    virtual_table: 4096 * 32,
    cluster_map_xa_node: NODE,
    zswap_xa_node: 0,
    ...(backend === 'zswap'
      ? { cluster_info: 0, zswap_trees: 0, percpu_swap_cluster: 40 }
      : {
          cluster_info: 48 * C,
          zswap_trees: 16 * S,
          percpu_swap_cluster: 80,
          swap_table: 4096 * C,
          extend_table: 0,
          // No slot behind a virtual one has a cgroup id of its own.
          memcg_table: 0,
        }),
  }),
};

describe('a full area', () => {
  it.each(all)('takes what its formula says: $design on $backend', ({ design, backend }) => {
    const machine = machineOf(design, backend);
    machine.fillTo(SLOTS);
    expect(bytesOf(machine)).toEqual(formulas[design]!(backend));
    machine.clear();
  });

  it('in zswap has an entry of 56 bytes and a handle of 8 for each page', () => {
    const machine = machineOf('swap-table', 'zswap');
    machine.fillTo(SLOTS);
    expect(machine.zswapMetadata().map(({ bytes }) => bytes)).toEqual([56 * SLOTS, 8 * SLOTS]);
    machine.clear();
  });

  it('has nodes in slabs of 14 on two pages, and zswap entries 73 to a page', () => {
    const machine = machineOf('xarray', 'zswap');
    machine.fillTo(SLOTS);
    const nodes = 2 * DENSE_NODES + 3;
    expect(slabRounding(machine.metadata())).toMatchObject({
      units: 38,
      bytes: 38 * 8192 - nodes * NODE,
    });
    const entries = Math.ceil(SLOTS / 73);
    expect(slabRounding(machine.zswapMetadata())).toMatchObject({
      units: entries,
      bytes: entries * 4096 - SLOTS * 56,
    });
    machine.clear();
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
