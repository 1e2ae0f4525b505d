import Database from 'better-sqlite3';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStateDatabase } from '../../src/runs/index.ts';
import { phaseRecord, runHeader, runOutcome } from '../runs/support.ts';
import { startServer, type Served } from './serve-support.ts';
import { ended, untilSaid, Workplace } from './swaplab.ts';

const TRACE = 'pages 2000\nW 0 2000 seq 2000 1 rand\nR 0 2000 rand 2000 3 -\n';
const DEAD = { pid: 2 ** 22 + 1, startTicks: 1 };
const RUN = { real: 1, orphan: 2, named: 3, many: 70 } as const;

const place = new Workplace();
let served: Served;
/** Says half a request and then nothing. */
let slow: Socket;
let slowClosed: Promise<number>;

beforeAll(async () => {
  const line = ['--trace', place.write('t.trace', TRACE), '--memory', '2M', '--swap', '64M'];
  expect(place.swaplab('run', ...line, '--zswap', '--name', 'real one').code).toBe(0);
  storeRuns();
  served = await startServer(place, '-v');
  const startMs = performance.now();
  slow = connect(served.port, '127.0.0.1');
  slow.on('error', () => undefined).resume();
  slow.write('GET / HTTP/1.1\r\nHost: 127');
  slowClosed = new Promise((resolve) =>
    slow.once('close', () => {
      resolve(performance.now() - startMs);
    }),
  );
});

afterAll(async () => {
  slow.destroy();
  served.child.kill();
  await ended(served.child);
  place.remove();
});

/** Runs that would take long to make. */
function storeRuns(): void {
  const orphans = openStateDatabase(place.database, { owner: DEAD });
  expect(orphans.runs.begin(runHeader({ design: 'vswap' })).runId).toBe(RUN.orphan);
  const name = '<img src=x onerror=alert(1)>';
  const named = orphans.runs.begin(runHeader({ name }));
  named.phase(phaseRecord(0));
  named.finish(runOutcome({ virtualNs: 99e9 }));
  for (let count = 3; count < RUN.many; count++)
    orphans.runs.begin(runHeader({ name: `many-${count}` })).finish(runOutcome());
  orphans.close();
}

function idsIn(body: string): number[] {
  return [...body.matchAll(/<tr id="run-(\d+)"/g)].map(([, id]) => Number(id));
}

describe('the list of runs', () => {
  it('has a line a run, the newest first, by fifties', async () => {
    const first = await served.ask('/');
    expect(first.status).toBe(200);
    expect(idsIn(first.body)).toEqual(Array.from({ length: 50 }, (_, at) => RUN.many - at));
    expect(first.body).toContain('70 runs, page 1 of 2');
    const second = idsIn((await served.ask('/?page=2')).body);
    expect(second).toEqual(Array.from({ length: 20 }, (_, at) => 20 - at));
  });

  it('sorts and filters as it is asked to, and shows no markup of others', async () => {
    const { body } = await served.ask('/?sort=virtual,desc&name=*img*&design=&status=done');
    expect(idsIn(body)).toEqual([RUN.named]);
    expect(body).toContain('&lt;img src=x onerror=alert(1)>');
    expect(body).not.toContain('<img');
    expect(body).toContain('99.000 s');
    const ascending = await served.ask('/?sort=run&where=seed%3D7&design=swap-table');
    expect(idsIn(ascending.body)[0]).toBe(RUN.named);
  });

  it('draws how many pages were in swap', async () => {
    const { body } = await served.ask('/?name=real+one');
    expect(idsIn(body)).toEqual([RUN.real]);
    expect(body).toMatch(/<svg class="spark".*at most [\d,]+ pages in swap.*<path d="M/);
  });

  it.each([
    ['/?status=runing', "status: 'runing' is none; accepted: running, done, failed, aborted"],
    ['/?sort=virtuel', "sort: 'virtuel' is no column; the nearest are VIRTUAL"],
    ['/?stauts=done', "'stauts' is no parameter; the nearest is status"],
    ['/?page=0', "page: '0'; accepted: a whole number from 1"],
    ['/?page=3', 'page: 3; accepted: 1 to 2'],
    ['/?page=1&page=2', 'page: is given more than once'],
    ['/?where=zswap', "where: 'zswap' is no condition"],
    ['/?where=zswap.enabeld%3Dtrue', 'the nearest are zswap.enabled'],
    ['/?name=LONG', 'name: has 501 letters; accepted: up to 500'],
    ['/?name=%ff', 'a % that begins no letter'],
    ['/runs/1?after=1', 'this page takes none'],
    ['/report', 'run: is missing'],
    ['/report?run=1&run=x', "'x' is no run"],
    ['/report?run=1-70', '70 runs; accepted: up to 64'],
  ])('answers %s with what is accepted', async (target, message) => {
    const { status, body } = await served.ask(target.replace('LONG', 'x'.repeat(501)));
    expect(status).toBe(400);
    expect(textOf(body)).toContain(message);
  });
});

function textOf(body: string): string {
  return body.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

describe('a run', () => {
  it('is its report, with the way back to the list', async () => {
    const { status, body } = await served.ask(`/runs/${RUN.real}`);
    expect(status).toBe(200);
    const shown = place.swaplab('report', String(RUN.real), '-o', '-').stdout;
    const links = /<li><a href="\/">All runs.*?\(JSON\)<\/a><\/li>/.exec(body)?.[0] ?? 'none';
    expect(body.replace(links, '')).toBe(shown);
  });

  it('is the document of runs show --json', async () => {
    const { body, headers } = await served.ask(`/runs/${RUN.real}.json`);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(body).toBe(place.swaplab('runs', 'show', String(RUN.real), '--json').stdout);
  });

  it('is compared with others by what the form of the list asks for', async () => {
    const { status, body } = await served.ask(`/report?run=${RUN.real}&run=${RUN.named}`);
    expect(status).toBe(200);
    expect(body).toContain('2 stored runs');
    // The one that was not made by a machine has no metrics.
    const [told = ''] = /<ul class="findings">.*?<\/ul>/s.exec(body) ?? [];
    expect(told).toContain('(of 1 column it is not known)');
  });

  it('that is not there is said so, with the nearest', async () => {
    const { status, body } = await served.ask('/runs/99');
    expect(status).toBe(404);
    expect(body).toContain('There is no run 99; the nearest are 70, 69, 68.');
    expect(body).toContain('<a href="/runs/70">');
    const data = await served.ask('/runs/99.json');
    expect([data.status, JSON.parse(data.body)]).toEqual([
      404,
      { error: 'There is no run 99; the nearest are 70, 69, 68.' },
    ]);
    expect((await served.ask('/report?run=99')).status).toBe(404);
  });

  it('of a dead process is aborted, which is seen and not written', async () => {
    const db = new Database(place.database);
    // Other commands of this file have marked it by now.
    db.prepare("UPDATE run SET status = 'running', exit_reason = NULL WHERE run_id = 2").run();
    const document = JSON.parse((await served.ask(`/runs/${RUN.orphan}.json`)).body);
    expect(document).toMatchObject({
      status: 'aborted',
      exitReason: `process ${DEAD.pid} ended without finishing the run`,
    });
    expect(idsIn((await served.ask('/?status=aborted')).body)).toEqual([RUN.orphan]);
    expect(idsIn((await served.ask('/?status=running')).body)).toEqual([]);
    expect((await served.ask(`/runs/${RUN.orphan}`)).body).not.toContain('data-live');
    expect(db.prepare('SELECT status FROM run WHERE run_id = 2').pluck().get()).toBe('running');
    db.close();
  });
});

describe('what reaches the server', () => {
  it('is answered with headers that keep other sites out', async () => {
    const { headers } = await served.ask('/');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^ ]+'; script-src 'sha256-/);
    expect(policy).toContain("frame-ancestors 'none'");
    const report = await served.ask('/runs/1');
    const ofReport = String(report.headers['content-security-policy']);
    expect(ofReport).not.toContain('unsafe-inline');
    for (const directive of ['style-src', 'script-src'])
      expect(ofReport).toMatch(new RegExp(`${directive} 'sha256-[^;]+ 'sha256-`));
    expect(ofReport).toContain("form-action 'none'");
    expect(report.body).toContain(ofReport.slice(0, ofReport.indexOf('; frame-ancestors')));
  });

  it('is answered to HEAD as to GET, without the body', async () => {
    for (const target of ['/runs/1', '/runs/99', '/?page=0']) {
      const [get, head] = [await served.ask(target), await served.ask(target, { method: 'HEAD' })];
      expect(head.status).toBe(get.status);
      expect(head.body).toBe('');
      expect(head.headers['content-length']).toBe(get.headers['content-length']);
      expect(Buffer.byteLength(get.body)).toBe(Number(get.headers['content-length']));
    }
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])('is no %s', async (method) => {
    const { status, headers } = await served.ask('/runs/1', { method });
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('has the name of this server', async () => {
    const { port } = served;
    expect((await served.ask('/', { host: `localhost:${port}` })).status).toBe(200);
    const strangers = [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
    ];
    for (const host of [...strangers, `localhost.evil.example:${port}`, `[::1]:${port}`]) {
      const { status, body } = await served.ask('/runs/1.json', { host });
      expect([host, status]).toEqual([host, 421]);
      expect(body).not.toContain('digest');
    }
    expect(await rawReply('GET /runs/1.json HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /);
  });

  it('is no path of a file, however it is written', async () => {
    const file = 'etc/passwd';
    const ways = ['../', '%2e%2e/', '..%2f', '%2e%2e%2f', '....//', '..\\', '..;/', './'];
    const targets = [
      ...ways.flatMap((way) => [`/${way.repeat(8)}${file}`, `/runs/${way.repeat(8)}${file}`]),
      ...['//etc/passwd', '/runs/1/../../etc/passwd', '/runs/1%00', '/runs/1.json%00.html'],
      ...[
        '/%',
        '/%zz',
        '/%c0%ae%c0%ae/',
        '/runs/%31',
        '/runs/01',
        '/runs/0',
        '/runs/-1',
        '/runs/1/',
      ],
      ...['/runs/1e1', '/runs/1/live/', '/runs/9999999999999999', '/runs', '/report/', '/Report'],
      ...['http://127.0.0.1/runs/1', 'http://evil.example/', '*', '/favicon.ico', '/runs/1.html'],
      ...[`/${'a'.repeat(10_000)}`, `/runs/${'1'.repeat(10_000)}`, `/${'../'.repeat(3000)}${file}`],
    ];
    for (const target of targets) {
      const { status, body } = await served.ask(target);
      expect([target.slice(0, 80), status]).toEqual([
        target.slice(0, 80),
        target.startsWith('/') ? 404 : 400,
      ]);
      expect(body).not.toContain('root:');
    }
    const rest = ` HTTP/1.1\r\nHost: 127.0.0.1:${served.port}\r\n\r\n`;
    for (const raw of [`GET /\0${rest}`, `GET /${'a'.repeat(70_000)}${rest}`, 'nonsense\r\n\r\n'])
      expect(await rawReply(raw)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await served.ask('/')).status).toBe(200);
  });

  it('comes from this machine by 127.0.0.1 only', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(({ address }) => address !== '127.0.0.1')
      .map(({ address, scopeid }) => (scopeid ? `${address}%${scopeid}` : address));
    expect(await isOpen('127.0.0.1')).toBe(true);
    for (const address of ['127.0.0.2', ...addresses])
      expect([address, await isOpen(address)]).toEqual([address, false]);
  });
});

async function rawReply(text: string): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(served.port, '127.0.0.1');
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString()));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      resolve(said);
    });
    socket.write(text);
  });
}

async function isOpen(address: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: address, port: served.port, timeout: 2000 });
    const tell = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', tell(true)).once('error', tell(false)).once('timeout', tell(false));
  });
}

describe('the server', () => {
  it('lives on while the database is away, locked or something else', async () => {
    const away = `${place.database}.away`;
    for (const end of ['', '-wal', '-shm'])
      if (existsSync(place.database + end)) renameSync(place.database + end, away + end);
    const gone = await served.ask('/');
    expect([gone.status, gone.headers['retry-after']]).toEqual([503, '2']);
    expect(gone.body).toContain('no state database yet');
    place.write('state/swaplab/swaplab.db', 'something else, and long enough. '.repeat(9));
    expect((await served.ask('/runs/1.json')).body).toContain('not a database');
    for (const end of ['', '-wal', '-shm'])
      if (existsSync(away + end)) renameSync(away + end, place.database + end);
    const db = new Database(place.database);
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE run SET seed = seed');
    const locked = await served.ask('/runs/1');
    expect(locked.status).toBe(503);
    expect(locked.body).toContain('locked by another process');
    db.close();
    expect((await served.ask('/runs/1')).status).toBe(200);
  });

  it('tells with -v what it was asked for', async () => {
    const said = untilSaid(served.child, 'GET /runs/98.json: 404');
    await served.ask('/runs/98.json');
    expect(await said).toMatch(/^serve: GET \/runs\/98\.json: 404, \d+ letters, [\d.]+ ms$/m);
  });

  it('names the option where the port is taken or none', () => {
    const taken = place.swaplab('serve', '--port', String(served.port));
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(/--port: \d+ is in use; give another, or --port 0/);
    const none = place.swaplab('serve', '--port', '65536');
    expect(none.code).toBe(2);
    expect(none.stderr).toMatch(/--port.*65536.*1 to 65535, or 0/);
  });

  it('leaves an older database as it is, and says what to do', () => {
    const sql = readFileSync(new URL('../runs/version-1.sql', import.meta.url), 'utf8');
    const db = new Database(place.path('old.db'));
    db.exec(sql);
    db.close();
    const before = readFileSync(place.path('old.db'));
    const { code, stdout, stderr } = place.swaplab('serve', '--db', 'old.db');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/older swaplab \(schema version 1\).*swaplab runs ls/);
    expect(readFileSync(place.path('old.db'))).toEqual(before);
    const absent = place.swaplab('serve', '--db', 'none.db');
    expect([absent.code, existsSync(place.path('none.db'))]).toEqual([1, false]);
  });

  it('does not wait for who says half a request', async () => {
    const tookMs = await slowClosed;
    expect(tookMs).toBeGreaterThan(5_000);
    expect(tookMs).toBeLessThan(30_000);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends with 0 at %s, whoever is connected',
    async (signal) => {
      const other = await startServer(place);
      const socket = connect(other.port, '127.0.0.1');
      const closed = new Promise((resolve) =>
        socket.on('error', () => undefined).once('close', resolve),
      );
      await new Promise((resolve) => socket.once('connect', resolve));
      other.child.kill(signal);
      expect(await ended(other.child)).toBe(0);
      await closed;
    },
  );
});
