/** `swaplab import` of each format but lackey, from a file to an access trace. */
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/memory-traces/${name}`, import.meta.url));

const place = new Workplace();
afterAll(() => {
  place.remove();
});

describe('import', () => {
  it.each([
    ['oracle-general', 'cloud-physics.oracleGeneral', [], 301],
    ['csv', 'cloud-physics.csv', ['--obj-id-col', '5', '--obj-size-col', '4', '--limit', '6'], 21],
    ['masim', 'stairs.masim', ['--rate', '1'], 70],
    ['damo', 'perf-script.damo', ['--target', '1', '--phase-every', '1'], null],
  ] as const)('makes an access trace of %s', (format, name, options, accesses) => {
    const out = place.path(`${format}.accesses`);
    const args = ['import', format, fixture(name), '-o', out, '--tlb', '0', '--json', ...options];
    const { code, stdout, stderr } = place.swaplab(...args);
    expect([code, stderr]).toEqual([0, '']);
    const told = JSON.parse(stdout) as { format: string; kept: number };
    expect(told.format).toBe(format);
    if (accesses === null) expect(told.kept).toBeGreaterThan(700);
    else expect(told.kept).toBe(accesses);
  });

  it('makes an access trace of swap events that a run replays', () => {
    const lines = Array.from(
      { length: 900 },
      (_, i) => `${8 * (i % 300)} ${i < 300 ? 'W' : 'R'} 900`,
    );
    const events = place.write('swap.events', `${lines.join('\n')}\n`);
    const out = place.path('swap.accesses');
    expect(place.swaplab('import', 'swapreplay', events, '-o', out).code).toBe(0);
    const run = place.swaplab('run', '--trace', out, '--memory', '512K', '--swap', '4M', '--json');
    expect(run.stderr).toBe('');
    const { verify } = JSON.parse(run.stdout) as { verify: Record<string, number> };
    expect(verify['pagesChecked']).toBe(300);
    expect(verify['mismatches']).toBe(0);
  });

  it('names the line of a mistake, without a trace of the stack', () => {
    const file = place.write('bad.csv', '1,a\n2,b\n3\n');
    const { code, stderr } = place.swaplab('import', 'csv', file, '--obj-id-col', '2');
    expect(code).toBe(2);
    expect(stderr).toBe(`swaplab: import: ${file}:3: '3' has 1 fields; accepted: 2 or more\n`);
  });
});
