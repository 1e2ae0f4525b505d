/** Programs of the host: each within a time limit, in a process group of its own, interruptible or not. */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What the user can do something about: a sentence, no stack. */
export class Refusal extends Error {}

/** Seconds that a step of the host may take. */
const STEP_LIMIT_S = 60;

const interruption = new AbortController();

/** Ends what is interruptible, now and from now on; putting things back is not. */
export function interrupt(signal) {
  interruption.abort(new Refusal(`${signal}: nothing was recorded`));
}

export function throwIfInterrupted() {
  interruption.signal.throwIfAborted();
}

/** Waits; an interruption ends it. */
export async function pause(ms) {
  await delay(ms, undefined, { signal: interruption.signal }).catch(throwIfInterrupted);
}

/**
 * Runs a program to its end. It leads a process group, so that ^C at the terminal does not reach it:
 * a swapoff goes on, and what has to end is ended here, forked children included.
 * @param options - `limitS`: seconds; `isInterruptible`: for what takes long and changes no setting
 * @returns its standard output
 * @throws Refusal with what it said
 */
export function run(program, args, { limitS = STEP_LIMIT_S, isInterruptible = false } = {}) {
  if (isInterruptible) throwIfInterrupted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const output = [];
    const errors = [];
    let isLate = false;
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    };
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, limitS * 1000);
    const settle = () => {
      clearTimeout(timer);
      interruption.signal.removeEventListener('abort', kill);
    };
    if (isInterruptible) interruption.signal.addEventListener('abort', kill, { once: true });
    child.stdout.on('data', (data) => output.push(data));
    child.stderr.on('data', (data) => errors.push(data));
    child.on('error', (error) => {
      settle();
      reject(
        new Refusal(`${program}: ${error.code === 'ENOENT' ? 'not installed' : error.message}`),
      );
    });
    child.on('close', (code, signal) => {
      settle();
      if (isInterruptible && interruption.signal.aborted) return reject(interruption.signal.reason);
      if (code === 0) return resolve(Buffer.concat(output).toString());
      const how = isLate ? `no end within ${limitS} s` : `ended with ${code ?? signal}`;
      const said = Buffer.concat(errors).toString().trim();
      reject(new Refusal(`${basename(program)}: ${how}${said === '' ? '' : `: ${said}`}`));
    });
  });
}

/** Tries a step again for two seconds: the kernel lets go of some things a moment later. */
export async function insist(step) {
  for (let left = 20; ; left--) {
    try {
      return await step();
    } catch (error) {
      if (left === 0) throw error;
      await delay(100);
    }
  }
}
