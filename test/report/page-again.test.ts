/** What a page promises of running its runs again, and what of a run must not show in it. */
import { describe, expect, it } from 'vitest';
import { reportPage } from '../../src/report/page/index.ts';
import type { StoredRun } from '../../src/runs/index.ts';
import { storedRun } from './stored-run.ts';

/** Each of a design of its own. */
function of(runId: number, changes: Partial<StoredRun> = {}): StoredRun {
  const design = `design ${runId}`;
  return storedRun({ runId, design, digest: `digest ${runId}`, spec: { design }, ...changes });
}

describe('promises the same digest again', () => {
  const checkpoint = (limits: object, resumed = 0) => ({
    ...{
      operations: 0,
      state: { limits: { operations: 9, durationMs: null, ...limits }, resumed },
    },
  });
  const intervals = [{ position: 0, atMs: 0, operations: 9, timeNs: 9, figures: {} }];
  const request = {
    ...{ action: 'swapon' as const, area: '/a', priority: null, operation: 1, phase: 0 },
    ...{ outcome: 'ok', detail: '' },
  };
  const page = (...runs: StoredRun[]): string => reportPage({ runs, version: '0.1.0' });

  it('of runs that are done by their spec alone, endure by its operations', () => {
    expect(page(of(1))).toContain('The run is deterministic');
    const endured = page(of(1, { intervals, checkpoint: checkpoint({}) }));
    expect(endured).toContain('The run is deterministic');
    expect(endured).toContain('Digests to expect');
  });

  it.each<[string, Partial<StoredRun>]>([
    ['failed', { status: 'failed' }],
    ['is live', { status: 'running', digest: null }],
    ['was steered', { steering: [request] }],
    ['ended by wall time', { intervals, checkpoint: checkpoint({ durationMs: 5000 }) }],
    ['was resumed', { intervals, checkpoint: checkpoint({}, 1) }],
    ['was stopped by a signal', { intervals, checkpoint: checkpoint({ operations: 10 }) }],
  ])('but of none that %s', (_, changes) => {
    const alone = page(of(1, changes));
    expect(alone).toContain('Run 1 did not go by its spec alone to its end');
    for (const promised of ['deterministic', 'same digests', 'Digests to expect', 'comparison.'])
      expect(alone.slice(alone.indexOf('id="again"'), alone.indexOf('id="notes"'))).not.toContain(
        promised,
      );
    const beside = page(of(1, changes), of(2));
    expect(beside).toContain('The other runs are deterministic');
    expect(beside).not.toContain('comparison.json');
    expect(beside).toContain('>digest 2<');
  });
});

describe('areas on a page', () => {
  it('are the same of equal runs wherever their folders were', () => {
    const pageOf = (folder: string): string => {
      const path = `/tmp/${folder}/swap`;
      const { areas, spec } = storedRun();
      const fault = { id: 1, timeNs: 1, operation: 1, kind: 'bit-rot', slot: 1, pages: 1 };
      const moved = storedRun({
        areas: areas.map((area) => ({ ...area, path })),
        events: [{ timeNs: 1, kind: 'area', detail: `${path}: given up` }],
        faults: [{ ...fault, area: path, consequence: 'detected', detail: `read of ${path}` }],
        faultCounts: [{ kind: 'bit-rot', consequence: 'detected', count: 1 }],
        steering: [
          {
            ...{ action: 'swapoff', area: path, priority: null, operation: 1, phase: 0 },
            ...{ outcome: 'ENOMEM', detail: `${path} is needed` },
          },
        ],
        intervals: [
          { position: 0, atMs: 0, operations: 1, timeNs: 1, figures: { [`used ${path}`]: 3 } },
        ],
        ...{ spec },
      });
      return reportPage({ runs: [moved], version: '0.1.0' });
    };
    expect(pageOf('swaplab-run-1')).toBe(pageOf('swaplab-run-2'));
    expect(pageOf('swaplab-run-1')).toContain('used area 0 (temporary, 512M)');
    expect(pageOf('swaplab-run-1')).not.toContain('swaplab-run');
  });

  it("have their paths where they are the user's", () => {
    const spec = { areasHeld: [{ type: 0, name: '/swap', maxPages: 131072 }] };
    const page = reportPage({ runs: [storedRun({ spec })], version: '0.1.0' });
    expect(page).toContain('/tmp/swaplab-run-77/swap: given up');
  });
});
