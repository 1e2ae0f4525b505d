/**
 * The memory of a process that runs for long: resident size as the system shows it, at fixed numbers of
 * operations, from the first tenth on. SWAPLAB_SOAK=1: the full ten million operations.
 *
 * A trace's `pause` is where the process stands still. Single looks are noisy by V8's heap (it gives
 * pages back and takes them again, 12 of 160 MiB measured); medians of windows are not.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { untilSaid } from '../e2e/swaplab.ts';
import { end, IS_SOAK, useGround, type Ground } from './support/processes.ts';

/**
 * V8 doubles its young generation when enough has survived in it: 10 MiB at some moment between 200 000
 * and 1 500 000 operations, by how much the program has made before (measured). Here it may not.
 */
const newGround = useGround({ NODE_OPTIONS: '--max-semi-space-size=2' });

/** Pages of the mapping: three times the memory, and four times the pool of zswap. */
const PAGES = 6144;
const MACHINE = [
  '--memory',
  '8M',
  '--ram',
  '32M',
  '--swap',
  '64M',
  '--zswap',
  '--page-cluster',
  '0',
];
/** How much larger it may become. */
const FLAT = 1.05;

interface Course {
  readonly payload: 'bytes' | 'none';
  readonly operations: number;
  readonly looks: number;
  /** Looks before which the process is still growing to its size. */
  readonly warmUp: number;
  /** Looks whose median is taken, behind the warm-up and at the end. */
  readonly window: number;
}

/** By hand the first tenth is the warm-up; the short runs are too short for that. */
const COURSES: readonly Course[] = IS_SOAK
  ? [
      { payload: 'bytes', operations: 10e6, looks: 40, warmUp: 4, window: 8 },
      { payload: 'none', operations: 10e6, looks: 40, warmUp: 4, window: 8 },
    ]
  : [
      { payload: 'bytes', operations: 400_000, looks: 20, warmUp: 10, window: 5 },
      { payload: 'none', operations: 2_000_000, looks: 20, warmUp: 10, window: 5 },
    ];

describe.skipIf(!existsSync('/proc/self/status'))('the resident size of a run with zswap', () => {
  it.each(COURSES)(
    'stays flat over $operations operations with payload $payload',
    { timeout: IS_SOAK ? 3_600_000 : 300_000 },
    async (course) => {
      const sizes = await residentSizes(newGround(), course);
      expect(sizes).toHaveLength(course.looks);
      const first = median(sizes.slice(course.warmUp, course.warmUp + course.window));
      const last = median(sizes.slice(-course.window));
      console.log(
        `${course.operations} operations, payload ${course.payload}: ${first} KiB, then ${last} KiB ` +
          `(${((last / first - 1) * 100).toFixed(1)} %)`,
      );
      expect(last / first, `KiB at each look: ${sizes.join(' ')}`).toBeLessThan(FLAT);
    },
  );
});

/** Resident size in KiB after each equal part of a run. */
async function residentSizes(ground: Ground, course: Course): Promise<number[]> {
  ground.place.write('long.trace', traceOf(course));
  const child = ground.start(
    ...['run', '-q', '--trace', 'long.trace', '--payload', course.payload, ...MACHINE],
  );
  // Each look listens for the end, too.
  child.setMaxListeners(0);
  const over = end(child);
  const sizes: number[] = [];
  while (sizes.length < course.looks) {
    await untilSaid(child, 'press Enter');
    const status = readFileSync(`/proc/${child.pid!}/status`, 'latin1');
    sizes.push(Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]));
    child.stdin.write('\n');
  }
  const { code, stdout } = await over;
  expect(code).toBe(0);
  expect(stdout).toContain(`${PAGES.toLocaleString('en-US')} pages compared byte for byte, 0 mis`);
  return sizes;
}

function traceOf({ operations, looks }: Course): string {
  const part = operations / looks / 5;
  const lines = [`pages ${PAGES}`];
  for (let look = 0; look < looks; look++)
    lines.push(
      `W 0 ${PAGES} hot ${part * 2} ${look * 3 + 1} spread`,
      `M 0 ${PAGES} hot ${part * 2} ${look * 3 + 2} -`,
      `R 0 ${PAGES} rand ${part} ${look * 3 + 3} -`,
      'pause',
    );
  return `${lines.join('\n')}\n`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
