/** A bit that flips in the real swapfile while a run stands at a pause: found, or stopped. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStateDatabase } from '../../src/runs/index.ts';
import { ended, untilSaid, Workplace } from './swaplab.ts';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  place.remove();
});

const TRACE = 'pages 2000\nW 0 2000 seq 2000 1 rand\npause\nR 0 2000 seq 2000 1 -\n';
/** A place in a page that a read of the first word does not look at. */
const AT = 1234;

/** Runs to the pause, flips a bit of the first page that is out, and lets the run end. */
async function runWithFlip(
  options: string,
): Promise<{ code: number | null; out: string; said: string; slot: number }> {
  place.makeArea('a.swap', '64M');
  const trace = place.write('t.trace', TRACE);
  const child = place.start(
    ...['run', '--trace', trace, '--memory', '2M', '--area', `a.swap${options}`, '--json'],
  );
  let out = '';
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const shown = await untilSaid(child, 'press Enter');
  const slot = Number(/area 0 slot (\d+)/.exec(shown)![1]);
  const fd = openSync(place.path('a.swap'), 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, slot * 4096 + AT);
  byte[0]! ^= 0x10;
  writeSync(fd, byte, 0, 1, slot * 4096 + AT);
  closeSync(fd);
  child.kill('SIGUSR1');
  child.stdin.end();
  const code = await ended(child);
  return { code, out, said, slot };
}

describe('a bit that flips in the swapfile', () => {
  it('is EIO for its page with checksums: the task is told, an event says where, no data is wrong', async () => {
    const { code, out, slot } = await runWithFlip(',checksum');
    expect(code).toBe(0);
    const document = JSON.parse(out) as {
      readonly killedTasks: number;
      readonly verify: { readonly mismatches: number };
      readonly phases: readonly { readonly counters: Record<string, number> }[];
    };
    const counted = (name: string): number =>
      document.phases.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0);
    expect([counted('sigbus'), counted('oom_kill'), document.killedTasks]).toEqual([1, 0, 1]);
    expect(document.verify.mismatches).toBe(0);
    const database = openStateDatabase(place.database);
    try {
      const events = database.runs.get(1)!.events.filter(({ kind }) => kind === 'checksum');
      expect(events.length).toBe(1);
      expect(events[0]!.detail).toMatch(new RegExp(`a\\.swap: slot ${slot}: read .* was written`));
    } finally {
      database.close();
    }
  });

  it('stops the run without them: what comes back is not what went out', async () => {
    const { code, said, out, slot } = await runWithFlip('');
    expect([code, out]).toEqual([3, '']);
    expect(said).toMatch(
      new RegExp(`data check failed: .*a\\.swap: slot ${slot}: the page read back .* differs`),
    );
  });
});
