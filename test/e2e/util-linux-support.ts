/** What the tests of mkswap, swaplabel, swapon and swapoff share. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { CommandIo } from '../../cli/command.ts';
import { command as mkswap } from '../../cli/mkswap.ts';
import { command as swaplabel } from '../../cli/swaplabel.ts';
import { command as swapoff } from '../../cli/swapoff.ts';
import { command as swapon } from '../../cli/swapon.ts';
import type { UtilLinuxCommand } from '../../cli/util-linux/program.ts';

/** The UUID of util-linux's golden images. */
export const GOLDEN_UUID = '4c08e1cd-3c82-46bf-a55b-0c3270d6dfeb';

type CommandName = 'mkswap' | 'swaplabel' | 'swapon' | 'swapoff';

const commands: Readonly<Record<CommandName, UtilLinuxCommand>> = {
  mkswap,
  swaplabel,
  swapon,
  swapoff,
};
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder for each test, with a state database in it. */
export class Workspace {
  #folder: string | undefined;
  /** Environment of the commands. */
  env: Record<string, string> = { PATH: SYSTEM_PATH };

  constructor() {
    afterEach(() => {
      if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
      this.#folder = undefined;
      this.env = { PATH: SYSTEM_PATH };
    });
  }

  /** Absolute path, without links, of a name in the folder. */
  path(name: string): string {
    this.#folder ??= realpathSync(mkdtempSync(join(tmpdir(), 'swaplab-area-')));
    return join(this.#folder, name);
  }

  get databasePath(): string {
    return this.path('state.db');
  }

  /** Makes a file of mode 0600 that has all its blocks. */
  file(name: string, bytes: number | Uint8Array): string {
    const path = this.path(name);
    writeFileSync(path, typeof bytes === 'number' ? new Uint8Array(bytes) : bytes);
    chmodSync(path, 0o600);
    return path;
  }

  /** Runs one of our commands in this process. */
  run(name: CommandName, ...argv: string[]): Ended {
    const { databasePath, env } = this;
    let stdout = '';
    let stderr = '';
    const io: CommandIo = {
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      databasePath,
      env,
    };
    const status = commands[name].runSync(argv, io);
    return { status, stdout, stderr };
  }
}

/** Runs a program of the system. */
export function runProgram(name: string, ...argv: string[]): Ended {
  const env = { PATH: SYSTEM_PATH, LC_ALL: 'C', BLKID_FILE: '/dev/null' };
  const { status, stdout, stderr } = spawnSync(name, argv, { env, encoding: 'utf8' });
  return { status: status ?? -1, stdout, stderr };
}

/** True when a program of the system can be run. */
export function isInstalled(name: string): boolean {
  const env = { PATH: SYSTEM_PATH };
  return spawnSync(name, ['--version'], { env }).error === undefined;
}

/** True where tests can be root, which loop devices and file owners ask for. */
export const isRoot: boolean = process.getuid?.() === 0;
