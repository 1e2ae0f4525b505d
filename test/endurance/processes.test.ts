/** Several processes and one state database; two that want one area; a database that takes no more. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { untilSaid } from '../e2e/swaplab.ts';
import { digestOf, end, IS_SOAK, useGround, type Ended, type Ground } from './support/processes.ts';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const newGround = useGround();

const TRACE =
  'pages 1024\nW 0 1024 seq 1024 1 spread\nM 0 1024 rand 3000 2 -\nR 0 1024 rand 2000 3 -\n';

/** A run on one area, with a phase for each line of the trace. */
function runOn(area: string, ...more: readonly string[]): string[] {
  const settings = ['--memory', '2M', '--area', area, '--zswap', '--ram', '16M'];
  return ['run', '-q', '--json', '--trace', 't.trace', ...settings, ...more];
}

function groundWith(areas: readonly string[], trace = TRACE): Ground {
  const ground = newGround();
  ground.place.write('t.trace', trace);
  for (const area of areas) ground.place.makeArea(area, '16M');
  return ground;
}

function freeAreas({ place }: Ground): void {
  expect(place.swaplab('swapon', '--show', '--noheadings').stdout).toBe('');
}

describe('four processes with four areas and one state database', () => {
  it('are four whole runs, each as it is alone', { timeout: 300_000 }, async () => {
    const areas = ['a.swap', 'b.swap', 'c.swap', 'd.swap'];
    const ground = groundWith(areas);
    const seeds = areas.map((_, index) => String(index + 1));
    const together = await Promise.all(
      areas.map((area, index) => ground.run(...runOn(area, '--seed', seeds[index]!))),
    );
    expect(together.map(({ code, stderr }) => [code, stderr])).toEqual(areas.map(() => [0, '']));
    const alone = groundWith(areas);
    const digests = areas.map((area, index) =>
      digestOf(alone.place.swaplab(...runOn(area, '--seed', seeds[index]!))),
    );
    expect(together.map(digestOf)).toEqual(digests);
    const stored = ground.place.swaplab(
      ...['runs', 'sql', '--json'],
      'SELECT digest, (SELECT count(*) FROM phase WHERE phase.run_id = run.run_id) AS phases FROM run',
    );
    const rows = JSON.parse(stored.stdout) as { digest: string; phases: number }[];
    expect(rows.map(({ digest }) => digest).sort()).toEqual([...digests].sort());
    expect(rows.map(({ phases }) => phases)).toEqual([3, 3, 3, 3]);
    freeAreas(ground);
  });
});

describe('two processes that fight for one area', () => {
  it.each([['given with --area'], ['made active with swapon']])(
    '(%s) leave it to exactly one at a time, and nothing is lost',
    { timeout: 300_000 },
    async (how) => {
      const isActive = how.includes('swapon');
      const ground = groundWith(['a.swap'], `${TRACE}pause\n`);
      if (isActive) expect(ground.place.swaplab('swapon', 'a.swap').code).toBe(0);
      const argv = runOn('a.swap').filter((word) => !isActive || !/--area|a\.swap/.test(word));
      const digests = new Set<string>();
      for (let round = 0; round < (IS_SOAK ? 50 : 2); round++) {
        const rivals = [ground.start(...argv), ground.start(...argv)];
        const ends = rivals.map(end);
        const first = await Promise.race(
          rivals.map(async (child, index) => {
            await untilSaid(child, 'press Enter').catch(() => new Promise(() => undefined));
            return index;
          }),
        );
        // The winner stands at its pause until the other has ended.
        const loser = await ends[1 - first]!;
        expect(loser).toMatchObject({ code: 1, stdout: '' });
        expect(loser.stderr).toMatch(/a\.swap: .*another run uses (it|them)|a\.swap: EBUSY/);
        rivals[first]!.stdin.write('\n');
        const winner = await ends[first]!;
        expect(winner.code).toBe(0);
        digests.add(digestOf(winner));
      }
      expect(digests.size).toBe(1);
      const shown = ground.place.swaplab('swapon', '--show', '--noheadings').stdout;
      expect(shown === '').toBe(!isActive);
      if (isActive) expect(ground.place.swaplab('swapoff', 'a.swap').code).toBe(0);
    },
  );
});

describe('many short processes on one state database', () => {
  it('never see it locked', { timeout: 300_000 }, async () => {
    const areas = Array.from({ length: 6 }, (_, index) => `${index}.swap`);
    const ground = groundWith(areas);
    const rounds = IS_SOAK ? 40 : 1;
    await Promise.all(
      areas.map(async (area) => {
        for (let round = 0; round < rounds; round++)
          for (const verb of ['swapon', 'swapoff']) {
            const { code, stderr } = await ground.run(verb, area);
            expect([verb, area, code, stderr]).toEqual([verb, area, 0, '']);
          }
      }),
    );
    freeAreas(ground);
  });
});

/** Small phases, so that the log of the database grows transaction by transaction. */
const PHASES = `pages 1024\nW 0 1024 seq 1024 1 spread\n${'R 0 1024 rand 40 1 -\n'.repeat(60)}`;

describe('a state database that takes no more', () => {
  const mounts: string[] = [];
  afterEach(() => {
    for (const mount of mounts.splice(0)) execFileSync('umount', [mount]);
  });

  /** A file system of our own, unmounted in any case; false without the right to mount one. */
  function mountSmall(folder: string, size: string): boolean {
    mkdirSync(folder, { recursive: true });
    const options = ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder];
    if (spawnSync('mount', options).status !== 0) return false;
    mounts.push(folder);
    return true;
  }

  /** What must be true of a run that had a result and could not be stored. */
  function checkUnstored(ground: Ground, unstored: Ended, digest: string): void {
    const { database } = ground.place;
    expect(unstored.code).toBe(1);
    expect(unstored.stderr).toContain(database);
    expect(unstored.stderr).not.toMatch(/\n\s+at /);
    expect(digestOf(unstored)).toBe(digest);
  }

  function checkAfterwards(ground: Ground, digest: string): void {
    freeAreas(ground);
    const listed = ground.place.swaplab('runs', 'ls', '--json');
    const statuses = (JSON.parse(listed.stdout) as { status: string }[]).map(
      ({ status }) => status,
    );
    expect(statuses.at(-1)).toBe('done');
    expect(statuses.length).toBeGreaterThan(1);
    for (const status of statuses.slice(0, -1)) expect(status).toMatch(/aborted|failed/);
    const next = ground.place.swaplab(...runOn('a.swap'));
    expect([next.stderr, next.code]).toEqual(['', 0]);
    expect(digestOf(next)).toBe(digest);
    const db = new Database(ground.place.database);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  }

  it('by a limit on the size of files (EFBIG) costs a run its place there, not its result', () => {
    const ground = groundWith(['a.swap'], PHASES);
    const { place } = ground;
    const digest = digestOf(place.swaplab(...runOn('a.swap', '--payload', 'none')));
    // The size of the database itself: its log must become longer than that.
    const blocks = Math.ceil(statSync(place.database).size / 1024) + 8;
    const argv = runOn('a.swap', '--payload', 'none').map((word) => `'${word}'`);
    const script = `ulimit -f ${blocks}; exec '${process.execPath}' '${program}' ${argv.join(' ')}`;
    const { status, signal, stdout, stderr } = spawnSync('bash', ['-c', script], {
      cwd: place.folder,
      env: { ...process.env, XDG_STATE_HOME: join(place.folder, 'state') },
      encoding: 'utf8',
      timeout: 60_000,
    });
    checkUnstored(ground, { code: status, signal, stdout, stderr }, digest);
    expect(stderr).toMatch(/reading or writing the state database failed .*; the run goes on/);
    freeAreas(ground);
    expect(place.swaplab('runs', 'ls').stdout).toMatch(/2\s+(aborted|failed)/);
  });

  it('on a full file system (ENOSPC) costs a run its place there, not its result', async (context) => {
    const ground = groundWith(['a.swap'], PHASES);
    const folder = join(ground.place.folder, 'state');
    if (!mountSmall(folder, '8m')) return context.skip('no right to mount a file system');
    const digest = digestOf(ground.place.swaplab(...runOn('a.swap')));
    const filler = fill(folder, 192 * 1024);
    checkUnstored(ground, await ground.run(...runOn('a.swap')), digest);
    rmSync(filler);
    const again = fill(folder, 0);
    // What only reads may still work there; what has to write says why it cannot.
    const full = await ground.run(...runOn('a.swap'));
    expect(full.code).toBe(1);
    expect(full.stderr).toContain(ground.place.database);
    expect(full.stderr).toContain('ENOSPC');
    expect(full.stderr).not.toMatch(/\n\s+at /);
    rmSync(again);
    checkAfterwards(ground, digest);
  });

  /** Writes a file until so many bytes are left. */
  function fill(folder: string, leftBytes: number): string {
    const path = join(folder, 'filler');
    const descriptor = openSync(path, 'w');
    const block = Buffer.alloc(4096);
    let written = 0;
    try {
      for (;;) written += writeSync(descriptor, block);
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
    }
    closeSync(descriptor);
    writeFileSync(path, Buffer.alloc(Math.max(0, written - leftBytes)));
    return path;
  }
});

describe('a state database that cannot be used, at every command', () => {
  const commands: readonly (readonly string[])[] = [
    ['runs', 'ls'],
    ['swapon', 'a.swap'],
  ];

  /** Every command gives the error, and leaves the file as it is. */
  function expectAll(ground: Ground, code: number, message: RegExp): void {
    const before = readFileSync(ground.place.database);
    for (const argv of [...commands, runOn('a.swap')]) {
      const outcome = ground.place.swaplab(...argv);
      expect([argv[0], outcome.stderr]).toEqual([argv[0], expect.stringMatching(message)]);
      expect(outcome.stderr).toContain(ground.place.database);
      expect(outcome.stderr).not.toMatch(/\n\s+at /);
      // The programs of util-linux have one code for all that is wrong.
      expect([argv[0], outcome.code]).toEqual([argv[0], argv[0] === 'swapon' ? 1 : code]);
    }
    expect(readFileSync(ground.place.database).equals(before)).toBe(true);
  }

  it('is of a newer version: exit code 2', () => {
    const ground = groundWith(['a.swap']);
    ground.place.swaplab('swapon', 'a.swap');
    const db = new Database(ground.place.database);
    db.pragma('user_version = 99');
    db.close();
    expectAll(ground, 2, /made by a newer swaplab \(schema version 99\)/);
  });

  it('has a page of rubbish in it: exit code 1', () => {
    const ground = groundWith(['a.swap']);
    const { place } = ground;
    place.swaplab('swapon', 'a.swap');
    const db = new Database(place.database);
    db.pragma('journal_mode = DELETE');
    const [{ page }] = db
      .prepare<[], { page: number }>(
        "SELECT rootpage AS page FROM sqlite_schema WHERE name = 'active_area'",
      )
      .all() as [{ page: number }];
    const size = db.pragma('page_size', { simple: true }) as number;
    db.close();
    const descriptor = openSync(place.database, 'r+');
    writeSync(descriptor, Buffer.alloc(size, 0xa5), 0, size, (page - 1) * size);
    closeSync(descriptor);
    for (const argv of [['swapon', '--show'], ['swapon', 'a.swap'], runOn('a.swap')]) {
      const { code, stderr } = place.swaplab(...argv);
      expect([argv, stderr]).toEqual([
        argv,
        expect.stringMatching(/the state database is damaged/),
      ]);
      expect(stderr).toContain(place.database);
      expect([argv, code]).toEqual([argv, 1]);
    }
  });

  it('may not be written: exit code 1', (context) => {
    const ground = groundWith(['a.swap']);
    const { place } = ground;
    place.swaplab('swapon', 'a.swap');
    place.swaplab('swapoff', 'a.swap');
    const folder = join(place.database, '..');
    let user = {};
    if (process.getuid?.() === 0) {
      // Root may write everything: the command is another's.
      if (!canRunAs(65_534)) return context.skip('another user cannot read the program');
      user = { uid: 65_534, gid: 65_534 };
      for (const path of [place.folder, join(place.folder, 'state'), folder])
        chmodSync(path, 0o755);
      chownSync(place.path('a.swap'), 65_534, 65_534);
    }
    chmodSync(place.database, 0o444);
    chmodSync(folder, 0o555);
    const before = readdirSync(folder);
    for (const argv of [...commands, runOn('a.swap')]) {
      const { status, stderr } = spawnSync(process.execPath, [program, ...argv], {
        ...{ cwd: place.folder, encoding: 'utf8', timeout: 60_000, ...user },
        env: { ...process.env, XDG_STATE_HOME: join(place.folder, 'state') },
      });
      expect([argv[0], stderr]).toEqual([
        argv[0],
        expect.stringMatching(/swaplab\.db: the state database cannot be (written|opened)/),
      ]);
      expect([argv[0], status]).toEqual([argv[0], 1]);
    }
    expect(readdirSync(folder)).toEqual(before);
    chmodSync(folder, 0o755);
  });

  function canRunAs(uid: number): boolean {
    return spawnSync(process.execPath, [program, '--version'], { uid, gid: uid }).status === 0;
  }
});
