import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/runs/connection.ts';
import { defaultDatabasePath, openStateDatabase } from '../../src/runs/index.ts';
import { MIGRATIONS } from '../../src/runs/migrations.ts';
import { APPLICATION_ID, migrate } from '../../src/runs/schema.ts';
import { RunError, UsageError } from '../../src/units/index.ts';
import { firedFault, phaseRecord, runHeader, runOutcome, useWorkspace } from './support.ts';

const workspace = useWorkspace();
const isRoot = process.getuid?.() === 0;

/** Everything in the folder of `path`, by name. */
function folderBytes(path: string): Record<string, string> {
  const folder = dirname(path);
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'hex')]),
  );
}

function makeDatabase(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.close();
}

describe('the default path', () => {
  it('follows XDG_STATE_HOME, then HOME', () => {
    expect(defaultDatabasePath({ XDG_STATE_HOME: '/s', HOME: '/h' })).toBe('/s/swaplab/swaplab.db');
    expect(defaultDatabasePath({ HOME: '/h' })).toBe('/h/.local/state/swaplab/swaplab.db');
  });

  it('takes a relative or empty XDG_STATE_HOME for unset', () => {
    const expected = '/h/.local/state/swaplab/swaplab.db';
    expect(defaultDatabasePath({ XDG_STATE_HOME: 'state', HOME: '/h' })).toBe(expected);
    expect(defaultDatabasePath({ XDG_STATE_HOME: '', HOME: '/h' })).toBe(expected);
  });

  it('asks for --db where neither is set', () => {
    expect(() => defaultDatabasePath({})).toThrow(/--db FILE/);
  });
});

describe('opening a state database', () => {
  it('makes folders of mode 0700 and a file of mode 0600', () => {
    workspace.open('state/swaplab/swaplab.db');
    const path = workspace.path('state/swaplab/swaplab.db');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(statSync(workspace.path('state')).mode & 0o777).toBe(0o700);
  });

  it('marks the file with application_id and user_version and turns WAL on', () => {
    workspace.open('a.db').close();
    const db = new Database(workspace.path('a.db'), { readonly: true });
    expect(db.pragma('application_id', { simple: true })).toBe(APPLICATION_ID);
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });

  it('makes every table STRICT', () => {
    const { runs } = workspace.open('a.db');
    const loose = runs.query(`SELECT name FROM pragma_table_list
      WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite%'`);
    expect(loose.rows).toEqual([]);
  });

  it('takes an empty file', () => {
    writeFileSync(workspace.path('empty.db'), '');
    expect(workspace.open('empty.db').runs.list()).toEqual([]);
  });

  it('makes one database when several processes do it at once', async () => {
    // As the tests' global setup has built it.
    const built = new URL('../../dist/src/runs/index.js', import.meta.url).href;
    const script = `
      import { openStateDatabase } from '${built}';
      const { activeAreas } = openStateDatabase(process.argv[1]);
      const sizes = { maxPages: 10, pages: 9, priority: null, uuid: null, label: null };
      const file = { path: '/a', fileId: '8:1', kind: 'file', transient: false };
      const area = activeAreas.activate({ ...file, ...sizes });
      console.log(area === 'EBUSY' ? area : area.type)`;
    const answers = await Promise.all(
      [1, 2, 3].map(async () => {
        const argv = ['--input-type=module', '-e', script, workspace.path('new/a.db')];
        return (await promisify(execFile)(process.execPath, argv)).stdout.trim();
      }),
    );
    expect(answers.sort()).toEqual(['0', 'EBUSY', 'EBUSY']);
  });

  it('keeps what an earlier process stored', () => {
    const first = openStateDatabase(workspace.path('a.db'));
    first.runs.begin(runHeader()).finish(runOutcome());
    first.close();
    expect(workspace.open('a.db').runs.list()).toHaveLength(1);
  });

  it('refuses to read one that is not there, and makes nothing', () => {
    expect(() => workspace.open('no/a.db', { readonly: true })).toThrow(/no state database yet/);
    expect(existsSync(workspace.path('no'))).toBe(false);
  });

  it('opened to be read takes nothing that would be stored', () => {
    const dead = { pid: 2 ** 22 + 1, startTicks: 1 };
    const { runId } = workspace.open('a.db', { owner: dead }).runs.begin(runHeader());
    const { runs } = workspace.open('a.db', { readonly: true });
    const writes = [
      () => runs.begin(runHeader()),
      () => runs.markAborted(),
      () => runs.remove([runId]),
      () => runs.vacuum(),
    ];
    for (const write of writes) expect(write).toThrow(/cannot be written/);
    expect(runs.query('SELECT status FROM run').rows).toEqual([['running']]);
  });
});

describe('a file that is no state database', () => {
  const strangers: Readonly<Record<string, (path: string) => void>> = {
    'text of many lines': (path) => {
      writeFileSync(path, 'not a database\n'.repeat(500));
    },
    'two bytes': (path) => {
      writeFileSync(path, 'hi');
    },
    'a database of another program': (path) => {
      makeDatabase(path, `CREATE TABLE bookmark (url TEXT); PRAGMA application_id = 252006`);
    },
    'a database without application_id': (path) => {
      makeDatabase(path, `CREATE TABLE run (run_id INTEGER); INSERT INTO run VALUES (1)`);
    },
    'a database with our mark and other tables': (path) => {
      makeDatabase(path, `CREATE TABLE run (x INTEGER); PRAGMA application_id = ${APPLICATION_ID}`);
    },
    'a database with our mark and version that lacks our tables': (path) => {
      makeDatabase(
        path,
        `CREATE TABLE run (x INTEGER); PRAGMA application_id = ${APPLICATION_ID};
         PRAGMA user_version = ${MIGRATIONS.length}`,
      );
    },
    'a database of a newer version': (path) => {
      makeDatabase(
        path,
        `CREATE TABLE run (x INTEGER); PRAGMA application_id = ${APPLICATION_ID};
         PRAGMA user_version = ${MIGRATIONS.length + 1}`,
      );
    },
  };

  it.each(Object.keys(strangers))('is refused and not touched: %s', (kind) => {
    const path = workspace.path('stranger.db');
    strangers[kind]?.(path);
    const before = folderBytes(path);
    expect(() => openStateDatabase(path)).toThrow(UsageError);
    expect(() => openStateDatabase(path)).toThrow(path);
    expect(() => openStateDatabase(path)).toThrow(/accepted (is|are) /);
    expect(() => openStateDatabase(path, { readonly: true })).toThrow(path);
    expect(folderBytes(path)).toEqual(before);
  });

  it('is refused while its log is not yet moved into it, and the log stays', () => {
    const path = workspace.path('stranger.db');
    // A process that dies in WAL mode leaves its log behind.
    const script = `const db = require('better-sqlite3')(process.argv[1]);
      db.pragma('journal_mode = WAL'); db.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
      process.kill(process.pid, 'SIGKILL')`;
    spawnSync(process.execPath, ['-e', script, path]);
    const before = folderBytes(path);
    expect(Object.keys(before)).toContain('stranger.db-wal');
    expect(() => openStateDatabase(path)).toThrow(/another program/);
    expect(folderBytes(path)).toEqual(before);
  });

  it('is a folder', () => {
    mkdirSync(workspace.path('folder.db'));
    expect(() => workspace.open('folder.db')).toThrow(/folder\.db: a folder; accepted is/);
  });

  it('is a device or a pipe', () => {
    expect(() => openStateDatabase('/dev/null')).toThrow(/not a regular file/);
    spawnSync('mkfifo', [workspace.path('pipe.db')]);
    expect(() => workspace.open('pipe.db')).toThrow(/not a regular file/);
  });

  it('lies behind something that is no folder', () => {
    writeFileSync(workspace.path('file'), 'x');
    expect(() => workspace.open('file/a.db')).toThrow(RunError);
    expect(() => workspace.open('file/a.db')).toThrow(/file\/a\.db: .*\(ENOTDIR\); give another/);
  });

  it.skipIf(isRoot)('cannot be read or made without permission', () => {
    mkdirSync(workspace.path('locked'));
    chmodSync(workspace.path('locked'), 0o500);
    expect(() => workspace.open('locked/a.db')).toThrow(/EACCES/);
    writeFileSync(workspace.path('secret.db'), '', { mode: 0o000 });
    expect(() => workspace.open('secret.db')).toThrow(RunError);
  });
});

describe('a damaged state database', () => {
  it('is reported with its name', () => {
    const database = openStateDatabase(workspace.path('a.db'));
    for (let index = 0; index < 50; index++) database.runs.begin(runHeader());
    database.close();
    truncateSync(workspace.path('a.db'), 4096);
    expect(() => workspace.open('a.db')).toThrow(/a\.db: the state database is damaged/);
  });

  it('stays usable when bytes follow it', () => {
    openStateDatabase(workspace.path('a.db')).close();
    appendFileSync(workspace.path('a.db'), 'x');
    expect(workspace.open('a.db').runs.list()).toEqual([]);
  });
});

describe('migrations', () => {
  function connect(name: string, options = {}): Connection {
    const path = workspace.path(name);
    if (!existsSync(path)) writeFileSync(path, '');
    return new Connection(path, options);
  }

  it('lead from version to version, each once', () => {
    const connection = connect('a.db');
    const first = 'CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)';
    const second = 'CREATE TABLE b (y INTEGER) STRICT; INSERT INTO b SELECT x + 1 FROM a';
    migrate(connection, [first]);
    expect(connection.pragma('user_version')).toBe(1);
    migrate(connection, [first, second]);
    migrate(connection, [first, second]);
    expect(connection.pragma('user_version')).toBe(2);
    expect(connection.all('SELECT x, y FROM a, b')).toEqual([{ x: 1, y: 2 }]);
    connection.close();
  });

  it('bring a database of version 1 to today with all that is in it', () => {
    const path = workspace.path('a.db');
    const made = readFileSync(new URL('version-1.sql', import.meta.url), 'utf8');
    makeDatabase(path, made);
    const { runs, activeAreas } = workspace.open('a.db');
    expect(runs.get(1)).toMatchObject({
      ...{ status: 'done', exitCode: null, digest: 'abc123', wallMs: 120.5, phaseCount: 1 },
      phases: [{ op: 'W 0 100', counters: { pswpout: 10 } }],
      events: [{ kind: 'oom' }],
      faults: [
        { id: 0, kind: 'eio-read', area: 'a.swap', consequence: 'pending', detail: 'slot 5' },
      ],
      faultCounts: [{ kind: 'eio-read', consequence: 'pending', count: 1 }],
    });
    expect(runs.get(2)).toMatchObject({ status: 'aborted' });
    expect(runs.checkpoint(1)).toBeNull();
    expect(activeAreas.list()).toMatchObject([{ path: '/a.swap', priority: -2 }]);
    const writer = runs.begin(runHeader());
    writer.fault(firedFault(0));
    writer.finish(runOutcome());
    expect(writer.runId).toBe(3);
    expect(runs.query('PRAGMA foreign_key_check').rows).toEqual([]);
  });

  it('begin with the one that made databases of version 1', () => {
    const made = readFileSync(new URL('version-1.sql', import.meta.url), 'utf8');
    expect(made).toContain(MIGRATIONS[0]!.trimEnd());
  });

  it('leave the old version whole when one fails', () => {
    const connection = connect('a.db');
    const first = 'CREATE TABLE a (x INTEGER NOT NULL) STRICT';
    migrate(connection, [first]);
    const failing = 'CREATE TABLE b (y INTEGER) STRICT; INSERT INTO a VALUES (NULL)';
    expect(() => {
      migrate(connection, [first, failing]);
    }).toThrow(/NOT NULL/);
    expect(connection.pragma('user_version')).toBe(1);
    expect(connection.all(`SELECT name FROM sqlite_schema`)).toEqual([{ name: 'a' }]);
    connection.close();
  });

  it('do not run over a read-only connection', () => {
    const writer = connect('a.db');
    migrate(writer, ['CREATE TABLE a (x INTEGER) STRICT']);
    writer.close();
    const reader = connect('a.db', { readonly: true });
    expect(() => {
      migrate(reader, ['CREATE TABLE a (x INTEGER) STRICT', 'CREATE TABLE b (x INTEGER) STRICT']);
    }).toThrow(/older swaplab \(schema version 1\) and opened for reading only/);
    reader.close();
  });

  it('name the version of a newer database', () => {
    const connection = connect('a.db');
    migrate(connection, ['CREATE TABLE a (x INTEGER) STRICT', 'CREATE TABLE b (x INTEGER) STRICT']);
    expect(() => {
      migrate(connection, ['CREATE TABLE a (x INTEGER) STRICT']);
    }).toThrow(/schema version 2\); accepted are versions up to 1/);
    connection.close();
  });

  it('let a table of the user stay', () => {
    const path = workspace.path('a.db');
    openStateDatabase(path).close();
    makeDatabase(path, 'CREATE TABLE my_notes (text TEXT)');
    expect(() => workspace.open('a.db')).not.toThrow();
  });
});

describe('a locked state database', () => {
  it('is waited for only so long', () => {
    const { runs } = workspace.open('a.db', { busyTimeoutMs: 30 });
    const other = new Database(workspace.path('a.db'));
    other.exec('BEGIN IMMEDIATE');
    expect(() => runs.begin(runHeader())).toThrow(RunError);
    expect(() => runs.begin(runHeader())).toThrow(/a\.db: .* locked by another process/);
    other.exec('COMMIT');
    other.close();
    expect(runs.begin(runHeader()).runId).toBe(1);
  });

  it('is waited for as long as that', async () => {
    const { runs } = workspace.open('a.db');
    const script = `const db = require('better-sqlite3')(process.argv[1]);
      db.exec('BEGIN IMMEDIATE'); console.log('locked');
      setTimeout(() => db.exec('COMMIT'), 200)`;
    const other = spawn(process.execPath, ['-e', script, workspace.path('a.db')]);
    await once(other.stdout, 'data');
    expect(runs.begin(runHeader()).runId).toBe(1);
    await once(other, 'exit');
  });

  it('can be read while another process writes', () => {
    const { runs } = workspace.open('a.db', { busyTimeoutMs: 30 });
    runs.begin(runHeader()).phase(phaseRecord(0));
    const other = new Database(workspace.path('a.db'));
    other.exec('BEGIN IMMEDIATE');
    expect(workspace.open('a.db', { busyTimeoutMs: 30 }).runs.list()).toHaveLength(1);
    other.close();
  });
});
