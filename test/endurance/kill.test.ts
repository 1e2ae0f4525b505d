/**
 * `kill -9` at random moments: nothing of what a dead process had taken stays taken.
 * SWAPLAB_SOAK=1 kills hundreds of times.
 */
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openStateDatabase } from '../../src/runs/index.ts';
import { Mulberry32 } from '../../src/workload/mulberry32.ts';
import { untilSaid, type Outcome } from '../e2e/swaplab.ts';
import { digestOf, end, IS_SOAK, useGround, type Ground } from './support/processes.ts';

const newGround = useGround();

/** Several phases, so that the database is written to all the time. */
const VICTIM = ['pages 2048']
  .concat(Array.from({ length: 24 }, (_, i) => `M 0 2048 rand 1000 ${i + 1} -`))
  .join('\n');
const SMALL = 'pages 1024\nW 0 1024 seq 1024 1 spread\nR 0 1024 rand 2000 2 -\n';

interface Victim {
  readonly name: string;
  readonly argv: readonly string[];
  /** Kills in the usual run of the tests, and by hand. */
  readonly kills: number;
  readonly soakKills: number;
  /** The state database is made anew each time: the process dies while it makes one, too. */
  readonly isFirst: boolean;
}

const VICTIMS: readonly Victim[] = [
  {
    name: 'run',
    argv: ['run', '-q', '--trace', 'victim.trace', '--memory', '2M', '--area', 'a.swap'].concat(
      ...[['--swap', '16M', '--swap', '16M,zram,zram-backing=16M', '--zswap', '--ram', '16M']],
    ),
    kills: 8,
    soakKills: 250,
    isFirst: false,
  },
  {
    name: 'endure',
    argv: ['endure', '-q', '--pages', '60000', '--fault', 'torn-write,ppm=200'].concat(
      ...[['--memory', '2M', '--ram', '4M', '--pages-per-task', '512', '--area', 'a.swap']],
      ...[['--swap', '16M']],
    ),
    kills: 4,
    soakKills: 250,
    isFirst: false,
  },
  {
    name: 'swapon in a folder without a state database',
    argv: ['swapon', 'a.swap'],
    kills: 4,
    soakKills: 150,
    isFirst: true,
  },
];

describe.each(VICTIMS)('kill -9 of $name', (victim) => {
  it(
    'leaves a sound database, free areas, an intact header, and no file for long',
    { timeout: IS_SOAK ? 3_600_000 : 300_000 },
    async () => {
      const ground = newGround();
      const { place } = ground;
      place.write('victim.trace', VICTIM);
      place.write('small.trace', SMALL);
      place.makeArea('a.swap', '16M', '-L', 'kept');
      const header = headerOf(place.path('a.swap'));
      const wanted = digestOf(runSmall(ground));
      const lifeMs = await lifeOf(ground, victim);
      const random = new Mulberry32(20_240_601);
      const ends: string[] = [];
      const kills = IS_SOAK ? victim.soakKills : victim.kills;
      for (let kill = 0; kill < kills; kill++) {
        // Equal parts of the process's life, a random moment in each; the last is the store.
        const delayMs = ((kill + random.next() / 2 ** 32) / kills) * lifeMs;
        const where = `kill ${kill} after ${delayMs.toFixed(0)} ms`;
        if (victim.isFirst) rmSync(dirname(place.database), { recursive: true, force: true });
        const child = ground.start(...victim.argv);
        const over = end(child);
        await sleep(delayMs);
        child.kill('SIGKILL');
        const { signal } = await over;
        ends.push(signal ?? 'ended');
        if (existsSync(place.database)) checkDatabase(place.database, where);
        expect(headerOf(place.path('a.swap')), where).toEqual(header);
        if (kill % 3 === 2) checkSwaponAgain(ground, where);
        else place.swaplab('swapoff', 'a.swap');
        // Every other time the next victim comes at once.
        if (kill % 2 === 0) continue;
        const next = runSmall(ground);
        expect([where, next.stderr, next.code]).toEqual([where, '', 0]);
        expect(digestOf(next)).toBe(wanted);
        expect(ground.leftBehind(), where).toEqual([]);
        expect(headerOf(place.path('a.swap')), where).toEqual(header);
      }
      // Else the delays say nothing. How many end before depends on what else the CPUs do.
      expect(ends).toContain('SIGKILL');
    },
  );
});

describe('a run that is told to end', () => {
  it.each([['none'], ['bytes']])(
    'hears it at once with payload %s, and gives all back',
    async (payload) => {
      const ground = newGround();
      const { place } = ground;
      // Without zswap nothing but the machine itself lets the event loop turn.
      place.write('t.trace', 'pages 2048\npause\nM 0 2048 rand 4000000000 1 -\n');
      place.makeArea('a.swap', '16M');
      const child = ground.start(
        ...['run', '-q', '--trace', 't.trace', '--memory', '2M', '--payload', payload],
        ...['--area', 'a.swap', '--swap', '16M'],
      );
      await untilSaid(child, 'press Enter');
      child.stdin.write('\n');
      await sleep(300);
      const started = performance.now();
      child.kill('SIGTERM');
      expect((await end(child)).code).toBe(130);
      expect(performance.now() - started).toBeLessThan(5000);
      expect(ground.leftBehind()).toEqual([]);
      expect(place.swaplab('swapon', '--show').stdout).toBe('');
      expect(place.swaplab('runs', 'ls').stdout).toMatch(/1\s+aborted/);
    },
  );
});

describe('a run that has paused', () => {
  it('ends though its stdin stays open', async () => {
    const ground = newGround();
    ground.place.write('t.trace', `${SMALL}pause\npause\n`);
    const child = ground.start(
      'run',
      '-q',
      '--trace',
      't.trace',
      '--memory',
      '2M',
      '--swap',
      '16M',
    );
    const over = end(child);
    for (let pause = 0; pause < 2; pause++) {
      await untilSaid(child, 'press Enter');
      child.stdin.write('\n');
    }
    const { code, signal } = await Promise.race([
      over,
      sleep(20_000).then(() => ({ code: 'still there', signal: null })),
    ]);
    expect([code, signal]).toEqual([0, null]);
  });
});

describe.skipIf(!existsSync('/proc/self/ns/pid'))('temporary folders of dead runs', () => {
  const namespace = (): string => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];

  it('stand until the next run, which removes them', async () => {
    const ground = newGround();
    ground.place.write('small.trace', SMALL);
    ground.place.write('t.trace', `${SMALL}pause\n`);
    const areas = ['--swap', '16M', '--swap', '16M,zram,zram-backing=16M'];
    const child = ground.start('run', '-q', '--trace', 't.trace', '--memory', '2M', ...areas);
    const over = end(child);
    await untilSaid(child, 'press Enter');
    expect(ground.leftBehind()).toHaveLength(2);
    expect(ground.place.swaplab('run', '-q', '--trace', 'small.trace', ...areas).code).toBe(0);
    // Those of a run that lives are no one else's.
    expect(ground.leftBehind()).toHaveLength(2);
    child.kill('SIGKILL');
    await over;
    expect(ground.leftBehind()).toHaveLength(2);
    expect(ground.place.swaplab('run', '-q', '--trace', 'small.trace', ...areas).code).toBe(0);
    expect(ground.leftBehind()).toEqual([]);
  });

  it('are removed only if they are ours: by name, owner, kind and namespace', () => {
    const ground = newGround();
    const { place, temporary } = ground;
    place.write('small.trace', SMALL);
    const dead = 2 ** 22 + 1;
    const ours = namespace();
    const start = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)!.split(' ')[19]!;
    const make = (name: string): string => {
      mkdirSync(join(temporary, name));
      writeFileSync(join(temporary, name, 'swap'), 'x');
      return name;
    };
    const gone = [
      make(`swaplab-run-${ours}-${dead}-77-abcdef`),
      // A later process has this pid now.
      make(`swaplab-run-${ours}-${process.pid}-1-abcdef`),
    ];
    const kept = [
      make(`swaplab-run-${ours}-${process.pid}-${start}-abcdef`),
      make(`swaplab-run-1${ours}-${dead}-77-abcdef`),
      make(`swaplab-run-${ours}-${dead}-77-abcdef.d`),
      make(`my-swaplab-run-${ours}-${dead}-77-abcdef`),
      make('swaplab-notes'),
    ];
    const target = make('precious');
    symlinkSync(join(temporary, target), join(temporary, `swaplab-run-${ours}-${dead}-77-linked`));
    writeFileSync(join(temporary, `swaplab-run-${ours}-${dead}-77-afile1`), 'x');
    kept.push(
      target,
      `swaplab-run-${ours}-${dead}-77-linked`,
      `swaplab-run-${ours}-${dead}-77-afile1`,
    );
    if (process.getuid?.() === 0) {
      const theirs = make(`swaplab-run-${ours}-${dead}-77-theirs`);
      chownSync(join(temporary, theirs), 65534, 65534);
      kept.push(theirs);
    }
    expect(gone).toHaveLength(2);
    expect(place.swaplab('run', '-q', '--trace', 'small.trace', '--swap', '16M').code).toBe(0);
    expect([...ground.leftBehind()].sort()).toEqual(kept.sort());
    expect(existsSync(join(temporary, target, 'swap'))).toBe(true);
  });
});

/** A whole run on the area that the victim had, and on a temporary one. */
function runSmall({ place }: Ground): Outcome {
  return place.swaplab(
    ...['run', '-q', '--json', '--trace', 'small.trace', '--memory', '2M', '--area', 'a.swap'],
    ...['--swap', '16M'],
  );
}

/** How long a victim lives that nobody kills. */
async function lifeOf(ground: Ground, victim: Victim): Promise<number> {
  if (victim.isFirst) rmSync(dirname(ground.place.database), { recursive: true, force: true });
  const started = performance.now();
  const { code, stderr } = await ground.run(...victim.argv);
  expect([stderr, code]).toEqual(['', 0]);
  const lifeMs = performance.now() - started;
  ground.place.swaplab('swapoff', 'a.swap');
  return lifeMs;
}

function headerOf(path: string): Buffer {
  const page = Buffer.alloc(4096);
  const descriptor = openSync(path, 'r');
  readSync(descriptor, page, 0, page.length, 0);
  closeSync(descriptor);
  return page;
}

/** Whole for SQLite, and nothing in it belongs to the dead process after one look. */
function checkDatabase(path: string, where: string): void {
  const db = new Database(path);
  expect(db.pragma('integrity_check', { simple: true }), where).toBe('ok');
  expect(db.pragma('foreign_key_check'), where).toEqual([]);
  db.close();
  const state = openStateDatabase(path);
  try {
    expect(state.activeAreas.list().filter(({ ownerPid }) => ownerPid !== null)).toEqual([]);
    const open = state.runs.list().filter(({ status }) => status !== 'done');
    for (const { status, exitReason, runId } of open) {
      expect([where, status]).toEqual([where, 'aborted']);
      expect(exitReason).toMatch(/^process \d+ ended without finishing the run$/);
      const phases = state.runs.get(runId)!.phases.map(({ index }) => index);
      expect(phases).toEqual(phases.map((_, index) => index));
    }
  } finally {
    state.close();
  }
}

/** A swapon that died may have made the area active or not: one of the two, and it can be ended. */
function checkSwaponAgain({ place }: Ground, where: string): void {
  const { code, stderr } = place.swaplab('swapon', 'a.swap');
  if (code !== 0) expect([where, stderr]).toEqual([where, expect.stringMatching(/busy/)]);
  expect(place.swaplab('swapon', '--show', '--noheadings').stdout, where).toMatch(/a\.swap/);
  expect(place.swaplab('swapoff', 'a.swap'), where).toMatchObject({ code: 0, stderr: '' });
}
