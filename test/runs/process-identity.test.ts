import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { currentProcess, identifyProcess, isRunning } from '../../src/runs/process-identity.ts';

describe('the identity of a process', () => {
  it('is running for this process', () => {
    expect(currentProcess().pid).toBe(process.pid);
    expect(isRunning(currentProcess())).toBe(true);
  });

  it.runIf(existsSync('/proc/self/stat'))('is not fooled by a pid that was used again', () => {
    const self = currentProcess();
    expect(isRunning({ ...self, startTicks: (self.startTicks ?? 0) - 1 })).toBe(false);
  });

  it('is running as long as the pid is where no start time is known', () => {
    expect(isRunning({ pid: process.pid, startTicks: null })).toBe(true);
  });

  it('ends with the process', async () => {
    // The name, field 2 of /proc/PID/stat, is made to look like the fields of a zombie.
    const child = spawn(process.execPath, [
      '-e',
      'process.title = ") Z 1 ("; process.stdout.write("up"); setTimeout(() => {}, 60000)',
    ]);
    await once(child.stdout, 'data');
    const identity = identifyProcess(child.pid ?? 0);
    expect(identity).not.toBeNull();
    expect(isRunning(identity ?? currentProcess())).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity ?? currentProcess())).toBe(false);
  });
});
