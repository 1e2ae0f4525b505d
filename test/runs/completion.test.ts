import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makeCommand } from '../../cli/completion/index.ts';
import { openStateDatabase } from '../../src/runs/index.ts';
import { runHeader, useWorkspace } from './support.ts';

const workspace = useWorkspace();

async function offered(name: string): Promise<string> {
  let text = '';
  const io = {
    stdout: (part: string): void => void (text += part),
    stderr: (): void => undefined,
    ...{ databasePath: workspace.path(name), env: {} },
  };
  const command = makeCommand(() => Promise.reject(new Error('not asked for')));
  expect(await command.run(['runs'], io)).toBe(0);
  return text;
}

describe('what the shell offers as runs', () => {
  it('is the newest, a line each, whatever they are called', async () => {
    workspace.open('a.db').runs.begin(runHeader({ name: 'a\n\u001b[2Jb' }));
    expect(await offered('a.db')).toBe(
      'last\tthe newest run\n1\tswap-table, running, a\\x0a\\x1b[2Jb\n',
    );
  });

  it('is nothing of an older database, which stays as it is', async () => {
    const path = workspace.path('old.db');
    const db = new Database(path);
    db.exec(readFileSync(new URL('version-1.sql', import.meta.url), 'utf8'));
    db.close();
    const bytes = readFileSync(path);
    expect(await offered('old.db')).toBe('');
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('is not waited for while another process holds the database', async () => {
    const database = openStateDatabase(workspace.path('a.db'));
    database.runs.begin(runHeader());
    database.close();
    const db = new Database(workspace.path('a.db'));
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('CREATE TABLE held (x)');
    const before = performance.now();
    expect(await offered('a.db')).toBe('');
    expect(performance.now() - before).toBeLessThan(2000);
    db.close();
  });
});
