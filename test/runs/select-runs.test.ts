import { describe, expect, it } from 'vitest';
import { selectRun, selectRuns, type SelectableRuns } from '../../cli/runs/select-runs.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { runHeader, useWorkspace } from './support.ts';

const workspace = useWorkspace();

/** Runs 1 to 6: `base` twice, one whose name holds a comma, one whose name is a number. */
function store(): SelectableRuns {
  const { runs } = workspace.open('a.db');
  for (const name of [null, 'base', 'a,b', 'base', '1', null]) runs.begin(runHeader({ name }));
  return runs;
}

describe('selectRuns', () => {
  it.each([
    [['2'], [2]],
    [['5,2'], [5, 2]],
    [['3-5'], [3, 4, 5]],
    [['5-99'], [5, 6]],
    [['last'], [6]],
    [
      ['last~2', 'last'],
      [4, 6],
    ],
    [['base'], [2, 4]],
    [['a,b'], [3]],
    [['base,last~5,2-3'], [2, 4, 1, 3]],
    [['1'], [5]],
    [[], []],
  ])('takes %j', (texts, ids) => {
    expect(selectRuns(texts, store(), '--runs')).toEqual(ids);
  });

  it.each([
    ['9', RunError, /^--runs: no run 9: the nearest are 6, 5, 4; all: swaplab runs ls -n 0$/],
    ['70-80', RunError, /^--runs: no run from 70 to 80: the nearest are 6, 5, 4/],
    ['5-3', UsageError, /'5-3' runs backwards; accepted: '3-5'/],
    ['last~6', RunError, /no run last~6: there are 6 runs/],
    ['basf', UsageError, /'basf' is no run; accepted: .*; the nearest names are 'base'/],
    ['0', UsageError, /'0' is no run; accepted: a number/],
    ['2,,3', UsageError, /'' is no run/],
  ])('refuses %j and names what is near', (text, kind, message) => {
    const runs = store();
    const select = (): number[] => selectRuns([text], runs, '--runs');
    expect(select).toThrow(kind);
    expect(select).toThrow(message);
  });

  it('says that there are no runs', () => {
    const { runs } = workspace.open('a.db');
    expect(() => selectRuns(['last'], runs, 'RUN')).toThrow(
      /^RUN: no run last: there are no runs; make one/,
    );
    expect(() => selectRuns(['3'], runs, 'RUN')).toThrow(/no run 3: there are no runs; make one/);
  });
});

describe('selectRun', () => {
  it('takes one run only', () => {
    const runs = store();
    expect(selectRun('last~1', runs, 'RUN')).toBe(5);
    const several = (): number => selectRun('base', runs, 'RUN');
    expect(several).toThrow(/^RUN: 'base' is 2 runs \(2, 4\); accepted is one$/);
  });
});
