import { expect, it } from 'vitest';
import type { RunStore } from '../../src/runs/index.ts';
import { runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();

/** Stores a run of endure by so many operations, which its spec does not say. */
function endured(runs: RunStore, operations: number): void {
  const writer = runs.begin(runHeader({ spec: { design: 'vswap', seed: 1 }, seed: 1 }));
  writer.checkpoint({ operations: 0, state: { limits: { operations, durationMs: null } } });
  writer.finish(runOutcome({ digest: `digest of ${operations}` }));
}

it('runs of endure of one spec that went differently far do not disagree when merged', () => {
  endured(workspace.open('here.db').runs, 1000);
  endured(workspace.open('there.db').runs, 2000);
  const { added } = workspace.open('here.db').runs.merge(workspace.path('there.db'));
  expect(added).toEqual([{ from: 1, runId: 2 }]);
});
