/** Processes of the built program that are watched, killed, and never left behind. */
import { type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Workplace, type Outcome } from '../../e2e/swaplab.ts';

/** By hand: hours instead of seconds. */
export const IS_SOAK: boolean = process.env['SWAPLAB_SOAK'] === '1';

/** No process of these tests lives longer. */
const LIFE_MS = IS_SOAK ? 3_600_000 : 240_000;

/** How a process ended, and what it had said. */
export interface Ended extends Outcome {
  readonly signal: NodeJS.Signals | null;
}

/** A place whose temporary files are its own, and with processes that end with the test. */
export class Ground {
  readonly place: Workplace;
  readonly temporary: string;
  readonly #children = new Set<ChildProcessWithoutNullStreams>();

  /** @param env - variables that the program gets besides those of this process */
  constructor(env: Readonly<Record<string, string>> = {}) {
    this.temporary = mkdtempSync(join(tmpdir(), 'swaplab-test-tmp-'));
    this.place = new Workplace({ TMPDIR: this.temporary, ...env });
    mkdirSync(join(this.place.folder, 'state'), { mode: 0o700 });
  }

  /** Starts the program; `ended` waits for it. */
  start(...args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = this.place.start(...args);
    this.#children.add(child);
    const guard = setTimeout(() => child.kill('SIGKILL'), LIFE_MS);
    child.once('exit', () => {
      clearTimeout(guard);
      this.#children.delete(child);
    });
    return child;
  }

  /** Runs the program to its end without standing still meanwhile. */
  run(...args: readonly string[]): Promise<Ended> {
    return end(this.start(...args));
  }

  /** What runs have left in the folder for temporary files. */
  leftBehind(): readonly string[] {
    return readdirSync(this.temporary);
  }

  remove(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    this.place.remove();
    rmSync(this.temporary, { recursive: true, force: true });
  }
}

/** A ground for each test that asks for one, removed behind it. */
export function useGround(env: Readonly<Record<string, string>> = {}): () => Ground {
  const grounds: Ground[] = [];
  afterEach(() => {
    for (const ground of grounds.splice(0)) ground.remove();
  });
  return () => {
    const ground = new Ground(env);
    grounds.push(ground);
    return ground;
  };
}

/** Waits until a process has ended and its pipes are read to their ends. */
export async function end(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return await new Promise((resolve) =>
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    }),
  );
}

/** The digest of a run that was asked for `--json`. */
export function digestOf({ stdout }: Outcome): string {
  return (JSON.parse(stdout) as { digest: string }).digest;
}
