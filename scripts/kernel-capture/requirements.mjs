/** What a capture needs of the host: looked at before anything is touched. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Refusal, run } from './commands.mjs';
import { findFreeZram, refuseFullDevice, refuseTmpfsDevice, refuseTmpfsFile } from './areas.mjs';
import { activeSwap, meminfoKiB, read } from './settings.mjs';
import { ZSWAP_PARAMETERS } from './zswap.mjs';

/** More than is needed by this: other programs go on. */
const MARGIN = 1.25;

/** @throws Refusal naming the first thing that is missing, and what would do */
export async function checkHost(options, cgroups) {
  checkFiles(options);
  const others = activeSwap();
  if (others.length > 0 && !options.force)
    throw new Refusal(
      `${others.join(', ')}: swap is on already, and the kernel's counters are of all swap; ` +
        'swapoff it first, or give --force',
    );
  if (options.backend.startsWith('zswap')) checkZswap(options, cgroups);
  if (options.backend === 'zram') findFreeZram();
  if (options.device !== null) await checkDevice(options);
  checkRoom(options);
}

/** Kernel and user: known without any option. */
export function checkSystem() {
  if (process.platform !== 'linux')
    throw new Refusal(`this is ${process.platform}; a capture is recorded on Linux`);
  if (process.getuid() !== 0)
    throw new Refusal('only root may set up swap and cgroups; run it with sudo');
  if (!existsSync('/proc/swaps'))
    throw new Refusal('this kernel has no swap: it is built without CONFIG_SWAP');
}

function checkFiles({ trace, out, dir }) {
  if (!existsSync(trace)) throw new Refusal(`--trace: ${trace} does not exist`);
  if (existsSync(out)) throw new Refusal(`--out: ${out} is there already`);
  for (const [option, folder] of [
    ['out', dirname(out)],
    ['dir', dir],
  ])
    try {
      accessSync(folder, constants.W_OK);
    } catch (error) {
      throw new Refusal(`--${option}: nothing can be written to ${folder} (${error.code})`);
    }
}

function checkZswap({ zswapMax }, cgroups) {
  if (!existsSync(`${ZSWAP_PARAMETERS}/enabled`))
    throw new Refusal('this kernel has no zswap: it is built without CONFIG_ZSWAP');
  if (zswapMax !== null && cgroups.version === 1)
    throw new Refusal(
      '--zswap-max: memory.zswap.max is of cgroup version 2; this host has memory on version 1',
    );
}

async function checkDevice({ device, swap }) {
  if (!existsSync(device) || !statSync(device).isBlockDevice())
    throw new Refusal(`--device: ${device} is no block device`);
  refuseTmpfsDevice(device);
  await refuseFullDevice(device);
  const mib = Number(await run('blockdev', ['--getsize64', device])) / 2 ** 20;
  if (mib < swap) throw new Refusal(`--swap: ${device} has ${Math.floor(mib)} MiB, not ${swap}`);
}

function checkRoom({ backend, device, backing, dir, limit, swap }) {
  const isLoop = backend.endsWith('ssd') && device === null;
  const isOnDisk = backend.endsWith('file') || (isLoop && backing === 'disk');
  const isInMemory = backend === 'zram' || (isLoop && backing === 'ramfs');
  if (isOnDisk) {
    refuseTmpfsFile(`${dir}/swaplab-capture.swap`);
    const { bavail, bsize } = statfsSync(dir);
    refuseLess(`on the disk of --dir ${dir}`, swap, (bavail * bsize) / 2 ** 20);
  }
  refuseLess('of memory', limit + (isInMemory ? swap : 0), meminfoKiB('MemAvailable') / 1024);
}

function refuseLess(where, neededMiB, freeMiB) {
  const needed = Math.ceil(neededMiB * MARGIN);
  if (freeMiB < needed)
    throw new Refusal(
      `${needed} MiB ${where} are needed, ${Math.floor(freeMiB)} MiB are free; a smaller --limit or ` +
        '--swap needs less',
    );
}

/** What else runs beside a capture and can make its numbers others than swaplab's. */
export function hostWarnings() {
  const warnings = [];
  if (usesLruGen())
    warnings.push(
      'this kernel reclaims by generations (lru_gen), swaplab replays the two lists; to compare: ' +
        'echo n > /sys/kernel/mm/lru_gen/enabled',
    );
  return warnings;
}

export function usesLruGen() {
  const path = '/sys/kernel/mm/lru_gen/enabled';
  return existsSync(path) && (Number(read(path)) & 1) === 1;
}
