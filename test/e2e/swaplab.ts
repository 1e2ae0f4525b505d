/** Runs the built program as a user would. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command as mkswap } from '../../cli/mkswap.ts';
import { RunError } from '../../src/units/index.ts';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a state database of its own. */
export class Workplace {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'swaplab-test-'));
  readonly #env: NodeJS.ProcessEnv;

  /** @param env - variables that the program gets besides those of this process */
  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = { ...process.env, XDG_STATE_HOME: join(this.folder, 'state'), ...env };
  }

  get database(): string {
    return join(this.folder, 'state', 'swaplab', 'swaplab.db');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /**
   * Makes a swap area, in this process: for tests of what uses it. A start of the program costs
   * more than all else there.
   * @param options - of mkswap, beside -q and -F
   * @returns its path
   */
  makeArea(name: string, size: string, ...options: readonly string[]): string {
    const path = this.path(name);
    let said = '';
    const write = (text: string): void => void (said += text);
    const io = { stdout: write, stderr: write, databasePath: this.database, env: {} };
    assert.equal(mkswap.runSync(['-q', '-F', '-s', size, ...options, path], io), 0, said);
    return path;
  }

  swaplab(...args: readonly string[]): Outcome {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      env: this.#env,
      encoding: 'utf8',
      cwd: this.folder,
      timeout: 60_000,
    });
    return { code: status, stdout, stderr };
  }

  /** As `swaplab`, but the program is left running. */
  start(...args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [program, ...args], { env: this.#env, cwd: this.folder });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Waits until the program has written `text` to stderr. @returns stderr from now to then */
export async function untilSaid(
  child: ChildProcessWithoutNullStreams,
  text: string,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      if (!said.includes(text)) return;
      child.stderr.off('data', listen);
      resolve(said);
    };
    child.stderr.on('data', listen);
    child.once('close', () => {
      reject(new RunError(`the program ended without saying '${text}': ${said}`));
    });
  });
}

/** Waits for the end. @returns the exit code */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return await new Promise((resolve) => child.once('exit', resolve));
}
