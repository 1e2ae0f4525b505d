/** The host: its programs, its settings, its cgroups, its swap areas. All changes are undone. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statfsSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A sentence for the user; no stack. */
export class Refusal extends Error {}

/** File systems whose pages are swappable themselves: an area there can swap onto itself. */
const TMPFS_MAGIC = 0x01021994;
/** Seconds that a step of the host may take. */
const STEP_LIMIT_S = 60;

/** The running child, for signals. */
let child = null;

export function killChild(signal) {
  child?.kill(signal);
}

/**
 * Runs a program to its end.
 * @returns its standard output
 */
export function run(program, args, limit = STEP_LIMIT_S) {
  return new Promise((resolve, reject) => {
    const running = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    const errors = [];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      running.kill('SIGKILL');
    }, limit * 1000);
    child = running;
    running.stdout.on('data', (data) => output.push(data));
    running.stderr.on('data', (data) => errors.push(data));
    running.on('error', (error) => {
      clearTimeout(timer);
      reject(new Refusal(`${program}: ${error.code === 'ENOENT' ? 'not installed' : error.message}`));
    });
    running.on('close', (code, signal) => {
      clearTimeout(timer);
      child = null;
      if (code === 0) return resolve(Buffer.concat(output).toString());
      const how = isLate ? `no end within ${limit} s` : `ended with ${code ?? signal}`;
      const said = Buffer.concat(errors).toString().trim();
      const error = new Refusal(`${basename(program)}: ${how}${said === '' ? '' : `: ${said}`}`);
      error.isKilled = signal !== null && !isLate;
      reject(error);
    });
  });
}

export function read(path) {
  return readFileSync(path, 'utf8').trim();
}

export function readIfThere(path) {
  return existsSync(path) ? read(path) : null;
}

/** Writes a kernel setting and remembers what it was; a value with choices is the one in brackets. */
export function set(undo, path, value) {
  if (!existsSync(path)) throw new Refusal(`${path}: this kernel has no such setting`);
  const text = read(path);
  const before = /\[(\S+)\]/.exec(text)?.[1] ?? text;
  try {
    writeFileSync(path, String(value));
  } catch (error) {
    throw new Refusal(`${path}: '${value}' is refused (${error.code}); it is ${text}`);
  }
  undo.add(`set ${path} back to '${before}'`, () => writeFileSync(path, before));
}

/** Swap that is on already: its pages would be counted too. */
export function activeSwap() {
  return read('/proc/swaps')
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0]);
}

// --- cgroups ------------------------------------------------------------------------------------

/** Where memory cgroups are: version 2 (unified) with the memory controller, or version 1. */
export function findMemoryCgroups() {
  const mounts = read('/proc/mounts')
    .split('\n')
    .map((line) => line.split(' '));
  const v1 = mounts.find(([, , type, options]) => type === 'cgroup' && options.split(',').includes('memory'));
  if (v1 !== undefined) return { version: 1, root: v1[1] };
  const v2 = mounts.find(([, , type]) => type === 'cgroup2');
  if (v2 !== undefined && read(`${v2[1]}/cgroup.controllers`).split(' ').includes('memory'))
    return { version: 2, root: v2[1] };
  throw new Refusal('no memory cgroups: neither a version 1 hierarchy with memory is mounted, nor version 2 with it');
}

/** Makes a cgroup with a hard limit; version 2 also takes a limit of its own for zswap, bytes. */
export function createCgroup(undo, { version, root }, limitBytes, zswapMaxBytes) {
  const path = `${root}/swaplab-capture`;
  if (version === 2 && !read(`${root}/cgroup.subtree_control`).split(' ').includes('memory')) {
    writeFileSync(`${root}/cgroup.subtree_control`, '+memory');
    undo.add('take memory out of cgroup.subtree_control', () =>
      writeFileSync(`${root}/cgroup.subtree_control`, '-memory'),
    );
  }
  if (existsSync(path)) rmdirSync(path);
  mkdirSync(path);
  undo.add(`remove ${path}`, () => rmdirSync(path));
  const limit = version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  writeFileSync(`${path}/${limit}`, String(limitBytes));
  if (zswapMaxBytes !== null) {
    if (version === 1)
      throw new Refusal('--zswap-max: memory.zswap.max is of cgroup version 2; this host has memory on version 1');
    writeFileSync(`${path}/memory.zswap.max`, String(zswapMaxBytes));
  }
  return path;
}

/** How many processes the OOM killer has ended in a cgroup. */
export function oomKills({ version }, path) {
  const file = version === 1 ? 'memory.oom_control' : 'memory.events';
  return Number(/^oom_kill (\d+)$/m.exec(read(`${path}/${file}`))?.[1] ?? 0);
}

// --- block devices and areas --------------------------------------------------------------------

/** Refuses files whose pages are swappable: straight on tmpfs, or through a loop device. */
export function refuseTmpfs(path) {
  const folder = existsSync(path) ? path : dirname(path);
  if (statfsSync(folder).type === TMPFS_MAGIC)
    throw new Refusal(
      `${path} is on tmpfs: its pages can be swapped out to themselves, which hangs the machine; ` +
        'take a file on disk, or --backing ramfs',
    );
  const backing = readIfThere(`/sys/block/${basename(path)}/loop/backing_file`);
  if (backing !== null) refuseTmpfs(backing);
}

export function isRotational(device) {
  const name = basename(device);
  const disk = existsSync(`/sys/block/${name}`)
    ? name
    : readdirSync('/sys/block').find((parent) => existsSync(`/sys/block/${parent}/${name}`));
  return disk === undefined ? null : read(`/sys/block/${disk}/queue/rotational`) === '1';
}

/** The block device that a file lies on. */
export async function deviceOf(path) {
  return (await run('df', ['--output=source', path])).trim().split('\n')[1];
}

export async function fileOfZeros(undo, path, mib) {
  if (existsSync(path)) throw new Refusal(`${path} is there already`);
  undo.add(`remove ${path}`, () => run('rm', ['-f', path]));
  await run('dd', ['if=/dev/zero', `of=${path}`, 'bs=1M', `count=${mib}`, 'conv=fsync', 'status=none'], 300);
  await run('chmod', ['600', path]);
}

export async function loopDevice(undo, file) {
  const device = (await run('losetup', ['--find', '--show', file])).trim();
  undo.add(`detach ${device}`, () => run('losetup', ['--detach', device]));
  return device;
}

export async function ramfs(undo, folder) {
  mkdirSync(folder, { recursive: true });
  await run('mount', ['-t', 'ramfs', 'swaplab-capture', folder]);
  undo.add(`unmount ${folder}`, async () => {
    // A loop device lets go of its file a moment after it was detached.
    for (let left = 20; ; left--) {
      try {
        return void (await run('umount', [folder]));
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  });
}

/** A zram device that nobody uses, set up; it is reset at the end. */
export async function zram(undo, algorithm, mib) {
  const names = readdirSync('/sys/block').filter((name) => name.startsWith('zram'));
  const free = names.find((name) => read(`/sys/block/${name}/disksize`) === '0');
  if (free === undefined)
    throw new Refusal(
      names.length === 0
        ? 'no zram: this kernel has no zram device (modprobe zram makes one)'
        : `no zram: ${names.join(', ')} are in use; echo 1 > /sys/class/zram-control/hot_add makes another`,
    );
  const folder = `/sys/block/${free}`;
  set(undo, `${folder}/comp_algorithm`, algorithm);
  writeFileSync(`${folder}/disksize`, `${mib}M`);
  undo.add(`reset ${free}`, () => writeFileSync(`${folder}/reset`, '1'));
  return { device: `/dev/${free}`, mmStat: `${folder}/mm_stat` };
}

/** A fresh area, on; off again at the end, within a time limit. */
export async function swapOn(undo, path) {
  await run('mkswap', ['--quiet', path]).catch(() => run('mkswap', [path]));
  await run('swapon', [path]);
  undo.add(`swapoff ${path}`, () => run('swapoff', [path], 300));
}

// --- when statistics are flushed ----------------------------------------------------------------

const TRACEFS = '/sys/kernel/tracing';

/**
 * Watches the kernel's worker that flushes cgroup statistics, in a tracefs instance of its own.
 * @returns a function that gives the times of its rounds so far, CLOCK_MONOTONIC seconds; null where
 *   the host lets nobody watch
 */
export async function watchFlushes(undo) {
  const mark = undo.mark;
  try {
    if (!existsSync(`${TRACEFS}/instances`)) {
      await run('mount', ['-t', 'tracefs', 'tracefs', TRACEFS]);
      undo.add(`unmount ${TRACEFS}`, () => run('umount', [TRACEFS]));
    }
    const instance = `${TRACEFS}/instances/swaplab-capture`;
    if (existsSync(instance)) rmdirSync(instance);
    mkdirSync(instance);
    undo.add(`remove ${instance}`, () => rmdirSync(instance));
    writeFileSync(`${instance}/trace_clock`, 'mono');
    const event = `${instance}/events/memcg/memcg_flush_stats`;
    writeFileSync(`${event}/filter`, 'force == 1 && id == 1');
    writeFileSync(`${event}/enable`, '1');
    undo.add('stop watching', () => writeFileSync(`${event}/enable`, '0'));
    return () =>
      [...read(`${instance}/trace`).matchAll(/ (\d+\.\d+): memcg_flush_stats:/g)].map(([, time]) =>
        Number(time),
      );
  } catch {
    await undo.unwind(mark);
    return null;
  }
}
