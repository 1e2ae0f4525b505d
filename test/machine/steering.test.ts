/** A machine that is steered from outside while it works, also in the middle of a fork. */
import { describe, expect, it } from 'vitest';
import { MemoryDevice } from '../../src/device/index.ts';
import type {
  PreparedArea,
  RunResult,
  Steering,
  SteeringRequest,
} from '../../src/machine/index.ts';
import { PAGE_SIZE } from '../../src/units/index.ts';
import { smallMachine } from './support.ts';

const TRACE = `
pages 600
W 0 600 seq 600 1 spread
FM 0 600 rand 4000 3 -
swapoff area0
M 0 600 rand 4000 4 -
swapon area0
M 0 600 rand 2000 6 -
`;

function newArea(name: string, priority: number): PreparedArea {
  const device = new MemoryDevice({ name, sizeBytes: 2000 * PAGE_SIZE });
  const fixed = { type: 0, kind: 'file', maxPages: 2000, badPages: [], profile: 'nvme' } as const;
  return { ...fixed, name, priority, device, problem: () => null };
}

type Ask = Omit<SteeringRequest, 'id'>;

/** Asks at the nth look, from 0. */
async function steered(
  design: string,
  asks: Readonly<Record<number, Ask>>,
): Promise<{ result: RunResult; answers: string[]; events: string[] }> {
  const machine = smallMachine({
    trace: TRACE,
    memoryPages: 256,
    ramPages: 512,
    areas: [{ pages: 2000 }, { pages: 2000 }],
    design,
  });
  const answers: string[] = [];
  const events: string[] = [];
  let looks = -1;
  const steering: Steering = {
    poll: () => {
      looks += 1;
      const ask = asks[looks];
      return ask === undefined ? null : { id: looks, ...ask };
    },
    done: (id, operation, outcome) => answers.push(`${id} at ${operation}: ${outcome}`),
  };
  const result = await machine.run({
    steering,
    onEvent: (_timeNs, kind, detail) => events.push(`${kind} ${detail}`),
  });
  machine.memory.checkInvariants();
  return { result, answers, events };
}

const designs = ['xarray', 'swap-table', 'swap-table-4', 'vswap', 'vswap-table', 'ghost-redirect'];

describe.each(designs)('a steered machine, %s', (design) => {
  it('gives areas up and takes them in, with a child at work, and every page is right', async () => {
    const { result, answers, events } = await steered(design, {
      // Looks: one after the first phase, then after each batch of the child, and after a request.
      1: { action: 'swapon', area: 'new', prepared: newArea('new', 7) },
      3: { action: 'swapoff', area: 'area0' },
      5: { action: 'swapoff', area: 'area0' },
      // The trace's own swapoff and swapon of area0 come in between, and do nothing.
      12: { action: 'swapon', area: 'area0', prepared: newArea('area0', 3) },
    });
    expect(result.verify).toEqual({ pagesChecked: 600, mismatches: 0 });
    expect(result.killedTasks).toBe(0);
    expect(answers).toEqual([
      '1 at 1624: ok',
      '3 at 2648: ok',
      '5 at 3672: EINVAL',
      expect.stringMatching(/^12 at \d+: ok$/) as string,
    ]);
    const steers = events.filter((event) => event.startsWith('steering'));
    expect(steers[1]).toMatch(
      /^steering swapoff area0 after operation 2648: ok: \d+ pages read back/,
    );
    expect(events).toContain('swapoff area0: EINVAL: it was given up on request');
    const [first, , added] = result.areas.filter(({ path }) => /area|new/.test(path));
    expect(added).toMatchObject({ path: 'new', priority: 7 });
    expect(added!.pagesWritten).toBeGreaterThan(0);
    expect(first!.priority).toBe(3);
    // No two areas of a run share a type.
    expect(new Set(result.areas.map(({ type }) => type)).size).toBe(result.areas.length);
  });
});

describe('a request', () => {
  it('leaves the run as it was when it is refused or there is none', async () => {
    const plain = await smallMachine({
      ...{ trace: TRACE, memoryPages: 256, ramPages: 512, design: 'swap-table' },
      areas: [{ pages: 2000 }, { pages: 2000 }],
    }).run();
    const refusal = { outcome: 'EINVAL', detail: 'no swap area' } as const;
    const { result, answers } = await steered('swap-table', {
      1: { action: 'swapon', area: 'new', refusal },
      2: { action: 'swapoff', area: 'nowhere' },
      3: { action: 'swapon', area: 'area0', prepared: newArea('area0', 1) },
    });
    expect(answers.map((answer) => answer.split(': ')[1])).toEqual(['EINVAL', 'EINVAL', 'EBUSY']);
    expect(result.digest).toBe(plain.digest);
  });

  it('has the same effect when it is made again after the same operation', async () => {
    const asks = { 3: { action: 'swapoff', area: 'area0' } } as const;
    const [first, again] = [await steered('xarray', asks), await steered('xarray', asks)];
    const other = await steered('xarray', { 5: asks[3] });
    expect(again.result.digest).toBe(first.result.digest);
    expect(again.answers).toEqual(first.answers);
    expect(other.result.digest).not.toBe(first.result.digest);
  });
});
