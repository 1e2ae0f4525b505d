/** A server of the built program, and requests that say exactly what a test wants said. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { request } from 'node:http';
import { RunError } from '../../src/units/index.ts';
import type { Workplace } from './swaplab.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly host?: string;
}

export interface Served {
  readonly child: ChildProcessWithoutNullStreams;
  readonly url: string;
  readonly port: number;
  /** Asks for a path as it stands there, not put right. */
  ask(target: string, asking?: Asking): Promise<Reply>;
}

/** Starts `swaplab serve` and waits until it has said where it is. */
export async function startServer(place: Workplace, ...args: readonly string[]): Promise<Served> {
  const child = place.start('serve', '--port', '0', ...args);
  const url = await firstLine(child);
  const port = Number(new URL(url).port);
  return { child, url, port, ask: (target, asking = {}) => askPort(port, target, asking) };
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  return await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) resolve(said.trim());
    });
    child.once('close', () => {
      reject(new RunError('the server ended before it said where it is'));
    });
  });
}

async function askPort(
  port: number,
  target: string,
  { method = 'GET', host = `127.0.0.1:${port}` }: Asking,
): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, method, path: target, headers: { host }, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}
