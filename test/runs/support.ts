/** What the tests of the run database share: a temporary folder, and a run to store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type {
  FiredFaultRecord,
  JsonValue,
  PhaseRecord,
  RunHeader,
  RunOutcome,
  StateDatabase,
  StateDatabaseOptions,
} from '../../src/runs/index.ts';
import { openStateDatabase } from '../../src/runs/index.ts';

export interface Workspace {
  /** A path in the folder. */
  path(name: string): string;
  /** Opens a state database in the folder; closed when the test ends. */
  open(name: string, options?: StateDatabaseOptions): StateDatabase;
}

/** A temporary folder for each test of a file, removed behind it. */
export function useWorkspace(): Workspace {
  let folder: string | undefined;
  const opened: StateDatabase[] = [];
  afterEach(() => {
    for (const database of opened.splice(0)) database.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    folder = undefined;
  });
  const path = (name: string): string => {
    folder ??= mkdtempSync(join(tmpdir(), 'swaplab-runs-'));
    return join(folder, name);
  };
  return {
    path,
    open: (name, options = {}) => {
      const database = openStateDatabase(path(name), options);
      opened.push(database);
      return database;
    },
  };
}

export const SPEC: JsonValue = {
  design: 'swap-table',
  seed: 7,
  zswap: { enabled: true, maxPoolPercent: 20 },
  areas: [{ path: 'a.swap', priority: null }],
};

export function runHeader(changes: Partial<RunHeader> = {}): RunHeader {
  const header = { design: 'swap-table', seed: 7, spec: SPEC, version: '0.1.0', name: null };
  return { ...header, command: 'swaplab run', ...changes };
}

export function phaseRecord(index: number, changes: Partial<PhaseRecord> = {}): PhaseRecord {
  return {
    index,
    op: `W 0 100 seq 100 ${index} rand`,
    counters: { pswpout: 10 + index, pswpin: 3, zswpout: 5 },
    present: 60,
    swapped: 40,
    virtualNs: 1234.5,
    wallMs: 0.25,
    zswap: { pool_total_size: 8192, stored_pages: 5 },
    series: [
      { name: 'pool pages', timeNs: 10.5, value: 1 },
      { name: 'pool pages', timeNs: 20.5, value: 2 },
    ],
    ...changes,
  };
}

export function runOutcome(changes: Partial<RunOutcome> = {}): RunOutcome {
  const verify = { pagesChecked: 100, mismatches: 0 };
  return { digest: 'abc123', verify, slotRuns: 4, virtualNs: 5e9, wallMs: 120.5, ...changes };
}

export function firedFault(id: number, changes: Partial<FiredFaultRecord> = {}): FiredFaultRecord {
  const where = { area: 'a.swap', slot: 5 + id, pages: 1 };
  return { id, timeNs: 3.5, operation: 700 + id, kind: 'eio-read', ...where, ...changes };
}
