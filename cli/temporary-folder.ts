/**
 * Folders for files that live no longer than their process: temporary areas, backing files.
 *
 * A process that is killed leaves its folder behind, gigabytes perhaps; the next one removes it. Who
 * owns a folder stands in its name, which mkdtemp makes together with the folder: at no moment is
 * there one of which nobody can say whose it is.
 */
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentProcess, isRunning } from '../src/runs/index.ts';

/** pid namespace, pid, start in clock ticks since boot (0: not known), what mkdtemp appends. */
const NAME = /^swaplab-run-(\d+)-(\d+)-(\d+)-[A-Za-z0-9]{6}$/;

/** Makes a folder (mode 0700) that `sweepTemporaryFolders` removes if this process does not. */
export function makeTemporaryFolder(): string {
  const { pid, startTicks } = currentProcess();
  return mkdtempSync(join(tmpdir(), `swaplab-run-${pidNamespace()}-${pid}-${startTicks ?? 0}-`));
}

/**
 * Removes what killed processes left. Only folders of this user that processes of this pid namespace
 * made are looked at: of others a pid says nothing. What cannot be removed stays, for a later look.
 * @returns how many were removed
 */
export function sweepTemporaryFolders(): number {
  const namespace = pidNamespace();
  let removed = 0;
  for (const name of entriesOf(tmpdir())) {
    const match = NAME.exec(name);
    if (match?.[1] !== namespace) continue;
    const [pid, start] = [Number(match[2]), Number(match[3])];
    if (isRunning({ pid, startTicks: start === 0 ? null : start })) continue;
    if (removeOwn(join(tmpdir(), name))) removed += 1;
  }
  return removed;
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** False for what is not there any more, is somebody else's, or is no folder: a link, say. */
function removeOwn(path: string): boolean {
  try {
    const stat = lstatSync(path);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
    rmSync(path, { recursive: true });
    return true;
  } catch {
    // Another process was quicker, or the file system does not let it go.
    return false;
  }
}

/** The number of this process's pid namespace; 0 where there is no /proc. @source namespaces(7) */
function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}
