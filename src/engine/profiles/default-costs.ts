/**
 * Prices of events where the user gives no cost profile: a server of today, one CPU, nothing
 * contended. Only a few are measured; the others are the right order of magnitude, so that a run's
 * virtual times make sense, and say `assumed`. Waiting for a lock, a CPU or a device
 * is not in a price: those are servers.
 *
 * `compress` and `decompress` have none here: each compressor brings its own. A profile that names
 * them overrides it.
 */
import type { CostProfileData } from '../cost-profile.ts';

const DRAM = 'OptaneStudy (FAST 2020), DDR4-2666: 64 bytes, random read 101.5 ns';
const MEMCPY = 'measured: C memcpy of 4 KiB between large buffers, 2 vCPU AMD EPYC: 297 ns';
const cachedLine = 'assumed: an access to a line that is mostly in the cache';
const twoAtomics = 'assumed: two uncontended atomic operations';
const sharedLine = 'assumed: two atomic operations on a line that other CPUs use too';
const treeWalk = 'assumed: two or three dependent loads, mostly in the cache';
const slab = 'assumed: slab fast path, with clearing the object';
const listMove = 'assumed: a list entry and its neighbours, three lines';

export const defaultCosts: CostProfileData = {
  name: 'default',
  description: 'A server of today, nothing contended; few prices measured, the rest assumed.',
  prices: {
    // Faults and page tables.
    pageTouch: { ns: 101.5, source: DRAM },
    pageFault: { ns: 1000, source: 'assumed: trap, page-table walk, VMA lookup and return' },
    pteVisit: { ns: 5, source: 'assumed: eight PTEs share a line' },
    pteWrite: { ns: 10, source: 'assumed: a locked exchange in a cached line' },
    pageTableAlloc: { ns: 400, source: 'assumed: a page from the per-CPU list, cleared' },
    tlbFlush: { ns: 500, source: 'assumed: one flush for a reclaim batch, interrupts to others' },
    cowCopy: { ns: 297, source: MEMCPY },
    forkPte: { ns: 20, source: 'assumed: read, write and a reference count' },

    // Memory and its lists.
    frameAlloc: { ns: 100, source: 'assumed: per-CPU page list, refilled in batches' },
    frameFree: { ns: 80, source: 'assumed: per-CPU page list, drained in batches' },
    memcgCharge: { ns: 30, source: 'assumed: per-CPU stock, refilled every 64 pages' },
    lruMove: { ns: 40, source: listMove },
    rmapWalk: { ns: 150, source: 'assumed: anon_vma lock, interval tree, page-table walk' },

    // Swap cache and tables.
    tableRead: { ns: 10, source: cachedLine },
    tableWrite: { ns: 10, source: cachedLine },
    tableAlloc: { ns: 400, source: 'assumed: a page from the per-CPU list, cleared' },
    tableFree: { ns: 100, source: 'assumed: freed by RCU, in batches' },
    extendTableAlloc: { ns: 200, source: 'assumed: 2 KiB from a slab, cleared' },
    swapMapWrite: { ns: 5, source: 'assumed: 64 counts share a line' },
    cgroupRead: { ns: 5, source: 'assumed: 32 ids share a line' },
    cgroupWrite: { ns: 5, source: 'assumed: 32 ids share a line' },
    zeromapRead: { ns: 2, source: 'assumed: a bit of a line that 512 slots share' },
    zeromapWrite: { ns: 10, source: 'assumed: an atomic bit operation in a cached line' },
    redirectRead: { ns: 10, source: cachedLine },
    redirectWrite: { ns: 10, source: cachedLine },
    lookupCacheHit: { ns: 2, source: 'assumed: a comparison in a per-CPU line' },
    lookupCacheMiss: { ns: 10, source: 'assumed: a reference dropped and one taken' },
    readaheadPin: { ns: 20, source: twoAtomics },
    xaLoad: { ns: 40, source: treeWalk },
    xaStore: { ns: 70, source: 'assumed: a walk, and marks on the way back' },
    xaErase: { ns: 70, source: 'assumed: a walk, and marks on the way back' },
    xaNodeAlloc: { ns: 120, source: slab },
    xaNodeFree: { ns: 60, source: 'assumed: slab fast path, by RCU' },
    rbVisit: { ns: 10, source: cachedLine },
    rbRotate: { ns: 30, source: 'assumed: three nodes, mostly in the cache, written' },

    // Slots.
    slotAlloc: { ns: 20, source: 'assumed: the next slot of the CPU’s own cluster' },
    slotFree: { ns: 20, source: 'assumed: counts of the cluster and of the area' },
    slotScan: { ns: 2, source: 'assumed: one byte of a line read in order' },
    clusterAlloc: { ns: 60, source: listMove },
    clusterFree: { ns: 60, source: listMove },
    clusterMove: { ns: 40, source: listMove },
    percpuClusterHit: { ns: 0, source: 'part of slotAlloc' },
    percpuClusterMiss: { ns: 0, source: 'part of what the slow path does' },
    clusterChunkMap: { ns: 1000, source: 'assumed: a page allocated and mapped in the kernel' },
    clusterChunkUnmap: { ns: 1500, source: 'assumed: a page unmapped and freed, a TLB flush' },
    areaRotate: { ns: 50, source: 'assumed: a priority list entry moved to the end' },

    // Locks, without waiting.
    'lockAcquire.percpuCluster': { ns: 10, source: 'assumed: a local lock, no atomic operation' },
    'lockAcquire.cluster': { ns: 20, source: twoAtomics },
    'lockAcquire.swapInfo': { ns: 40, source: sharedLine },
    'lockAcquire.globalCluster': { ns: 40, source: sharedLine },
    'lockAcquire.swapCache': { ns: 25, source: 'assumed: two atomic operations, interrupts off' },
    'lockAcquire.virtualCluster': { ns: 20, source: twoAtomics },
    'lockAcquire.virtualClusterMap': { ns: 40, source: sharedLine },
    'lockAcquire.zswapTree': { ns: 20, source: twoAtomics },
    'lockAcquire.zswapLru': { ns: 40, source: sharedLine },
    'lockAcquire.zsmalloc': { ns: 20, source: twoAtomics },
    'lockAcquire.zbud': { ns: 40, source: sharedLine },
    'lockAcquire.lru': { ns: 40, source: sharedLine },
    'lockAcquire.folio': { ns: 20, source: twoAtomics },

    // Bytes.
    zeroCheck: { ns: 20, source: 'assumed: the last word decides for most pages' },
    pageClear: { ns: 100, source: 'assumed: 4 KiB at 40 GB/s' },
    memcpyPage: { ns: 150, source: 'assumed: one side in the cache; both in memory: 297 measured' },
    zsmallocAlloc: { ns: 150, source: 'assumed: handle from a slab, zspage lists, free index' },
    zsmallocFree: { ns: 120, source: 'assumed: zspage lists, free index, handle to its slab' },
    zspageAlloc: { ns: 400, source: 'assumed: one to four pages, linked, free list written' },
    zspageFree: { ns: 200, source: 'assumed: one to four pages given back' },
    zsmallocMove: { ns: 250, source: 'assumed: half a page copied, two free lists, the handle' },
    zbudAlloc: { ns: 80, source: 'assumed: a list of pages, and the header of one' },
    zbudFree: { ns: 60, source: 'assumed: the header of a page, and its list' },
    zbudPageAlloc: { ns: 120, source: 'assumed: per-CPU page list, a header written' },
    zbudPageFree: { ns: 80, source: 'assumed: per-CPU page list, drained in batches' },
    checksum: { ns: 400, source: 'assumed: xxh64 of 4 KiB at 10 GB/s' },

    // Devices.
    locationRead: { ns: 10, source: cachedLine },
    locationWrite: { ns: 10, source: cachedLine },
    deviceSubmit: { ns: 1000, source: 'assumed: bio, request, and the driver’s doorbell' },
    deviceRead: { ns: 0, source: 'the device profile: its time is the device’s' },
    deviceWrite: { ns: 0, source: 'the device profile: its time is the device’s' },
  },
};
