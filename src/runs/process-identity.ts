/**
 * Who owns a run or an area: a process, told apart from a later one with the same pid.
 *
 * The kernel numbers processes anew; the pair (pid, start time) names one process until the next
 * boot, in its pid namespace. Where there is no /proc (macOS) the pid alone decides.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; null where /proc does not tell. */
  readonly startTicks: number | null;
  /** Where the two mean something, as `currentHost` names it; absent or null: here. */
  readonly host?: string | null;
}

/** The identity of a process as the system shows it now; null when there is none, or only a zombie. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const stat = readStat(pid);
  if (stat === 'no /proc') return signalReaches(pid) ? { pid, startTicks: null } : null;
  if (stat === 'gone' || stat.state === 'Z' || stat.state === 'X') return null;
  return { pid, startTicks: stat.startTicks };
}

/** This process. */
export function currentProcess(): ProcessIdentity {
  const self = identifyProcess(process.pid) ?? { pid: process.pid, startTicks: null };
  return { ...self, host: currentHost() };
}

/**
 * Names the boot of this machine and the pid namespace: of a process elsewhere a pid says nothing.
 * @source proc_sys_kernel(5) random/boot_id; namespaces(7): the inode stands in the link
 */
export function currentHost(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** True while the very process that was identified runs: same pid, same start. It is one of here. */
export function isRunning(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  if (now === null) return false;
  if (now.startTicks === null || identity.startTicks === null) return true;
  return now.startTicks === identity.startTicks;
}

interface ProcessStat {
  readonly state: string;
  readonly startTicks: number;
}

/**
 * State and start time of a process.
 * @source proc_pid_stat(5): field 3 is the state, field 22 the start time in clock ticks since boot
 */
function readStat(pid: number): ProcessStat | 'gone' | 'no /proc' {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // hidepid mounts show only one's own processes: a process that takes a signal is there.
    if (!signalReaches(pid)) return 'gone';
    return 'no /proc';
  }
  // Field 2 is the command in parentheses and may hold anything, also spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
}

/** Signal 0 asks whether the process exists; EPERM says that it does and is somebody else's. */
function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
