import { describe, expect, it } from 'vitest';
import {
  createOperationBatch,
  DrawnOperations,
  planPhase,
  type OperationBatch,
  type PlanConfig,
} from '../../src/workload/index.ts';

const config: PlanConfig = {
  ...{ seed: 5, tasks: 3, children: 2, pagesPerTask: 300, phaseOperations: 500 },
  areas: ['area0', 'area1'],
  zswap: {
    ...{ maxPoolPercent: 20, acceptThresholdPercent: 90, cgroups: ['all'] },
    ...{ writesBack: true, hasThreshold: true },
  },
};

function* batches(source: DrawnOperations, batch: OperationBatch): Generator<OperationBatch> {
  for (;;) {
    source.fill(batch);
    if (batch.count === 0) return;
    yield batch;
  }
}

function operations(index: number): string {
  const batch = createOperationBatch(64);
  const lines: string[] = [];
  for (const step of planPhase(config, index).steps) {
    if (step.kind !== 'operations') continue;
    const source = new DrawnOperations(step, config.pagesPerTask, 1);
    for (const each of batches(source, batch))
      for (let i = 0; i < each.count; i++)
        lines.push([batch.number[i], batch.kind[i], batch.task[i], batch.page[i]].join(' '));
  }
  return lines.join('\n');
}

describe('the plan of an endurance run', () => {
  it('gives a phase without those before it, the same each time', () => {
    const late = [planPhase(config, 900), operations(900)];
    for (let index = 0; index < 5; index++) planPhase(config, index);
    expect([planPhase(config, 900), operations(900)]).toEqual(late);
    expect(planPhase({ ...config, seed: 6 }, 900)).not.toEqual(late[0]);
  });

  it('has every kind of phase within a few hundred', () => {
    const names = new Set(Array.from({ length: 300 }, (_, index) => planPhase(config, index).name));
    expect([...names].sort()).toEqual([
      'audit',
      'churn',
      'drop',
      'fork',
      'growth',
      'restart',
      'scan',
      'swapoff',
      'zswap',
    ]);
  });

  it('draws pages and tasks that are there', () => {
    const batch = createOperationBatch(100);
    for (let index = 0; index < 200; index++)
      for (const step of planPhase(config, index).steps) {
        if (step.kind !== 'operations') continue;
        const source = new DrawnOperations(step, config.pagesPerTask, 1);
        let drawn = 0;
        for (const each of batches(source, batch)) {
          expect(each).toBe(batch);
          drawn += batch.count;
          expect(Math.max(...batch.page.subarray(0, batch.count))).toBeLessThan(300);
          expect(Math.max(...batch.task.subarray(0, batch.count))).toBeLessThan(5);
          expect(Math.max(...batch.kind.subarray(0, batch.count))).toBeLessThan(4);
        }
        expect(drawn).toBe(step.count);
      }
  });

  it('takes every area again that it gives up in a phase', () => {
    for (let index = 0; index < 400; index++) {
      const off = new Set<string>();
      for (const step of planPhase(config, index).steps) {
        if (step.kind === 'swapoff') off.add(step.path);
        if (step.kind === 'swapon') off.delete(step.path);
      }
      expect([...off]).toEqual([]);
    }
  });

  it('leaves out what a machine does not have', () => {
    const bare = { ...config, areas: [], zswap: null, children: 0 };
    const names = new Set(Array.from({ length: 300 }, (_, index) => planPhase(bare, index).name));
    expect([...names].sort()).toEqual(['audit', 'churn', 'drop', 'growth', 'restart', 'scan']);
  });
});
