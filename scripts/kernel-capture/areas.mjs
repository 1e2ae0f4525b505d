/** Swap areas: a file, a block device, zram; never where their own pages could be swapped out. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { insist, Refusal, run } from './commands.mjs';
import { activeSwap, read, readIfThere, set } from './settings.mjs';

/** @source linux 6.18 include/uapi/linux/magic.h, TMPFS_MAGIC; devtmpfs has it, too */
const TMPFS_MAGIC = 0x01021994;
/** Seconds for what moves a whole area. */
const AREA_LIMIT_S = 300;

// --- what an area may lie on --------------------------------------------------------------------

/** Refuses a file on tmpfs: written there, a page is memory that can itself be swapped out. */
export function refuseTmpfsFile(path) {
  if (statfsSync(existsSync(path) ? path : dirname(path)).type === TMPFS_MAGIC)
    throw new Refusal(
      `${path} is on tmpfs: its pages are swappable, the area could be swapped out to itself and ` +
        'hang the machine; accepted: a file on disk (--dir), a block device, --backing ramfs',
    );
}

/** The same for a block device: through loop devices, and through what it is stacked on. */
export function refuseTmpfsDevice(device) {
  const name = basename(device);
  const disk = diskOf(name);
  if (disk === null) return;
  const backing = readIfThere(`/sys/block/${disk}/loop/backing_file`);
  if (backing !== null && existsSync(backing)) refuseTmpfsFile(backing);
  for (const below of readdirSync(`/sys/block/${disk}/slaves`)) refuseTmpfsDevice(below);
}

/** Refuses a device that holds something: mkswap would write over it. */
export async function refuseFullDevice(device) {
  const text = await run('wipefs', ['--no-act', '--noheadings', '--output', 'TYPE', device]);
  const content = text.split('\n').filter((type) => type !== '' && type !== 'swap');
  if (content.length > 0)
    throw new Refusal(
      `--device: ${device} holds ${content.join(', ')}; accepted: an empty device or a swap area`,
    );
}

/** The disk in /sys/block that a device is, or is a partition of; null where it is none. */
function diskOf(name) {
  if (existsSync(`/sys/block/${name}`)) return name;
  return readdirSync('/sys/block').find((disk) => existsSync(`/sys/block/${disk}/${name}`)) ?? null;
}

function isRotational(device) {
  const disk = diskOf(basename(realpathSync(device)));
  return disk === null ? null : read(`/sys/block/${disk}/queue/rotational`) === '1';
}

/** BLK_FEAT_SYNCHRONOUS is nowhere in /sys: known where a driver always or never has it. */
function isSynchronous(device) {
  const name = basename(realpathSync(device));
  if (/^(zram|ram|pmem)\d/.test(name)) return true;
  return /^(loop|vd|sd|hd)/.test(name) ? false : null;
}

function about(area, device, description) {
  return {
    area,
    mmStat: null,
    rotational: isRotational(device),
    synchronous: isSynchronous(device),
    description,
  };
}

// --- the kinds of areas -------------------------------------------------------------------------

/**
 * Makes the place of an area, for all runs.
 * @returns `area`: path for swapon; `mmStat`: zram's statistics or null; what is known of it
 */
export async function prepareArea(undo, options) {
  if (options.backend === 'zram') return zramDevice(undo, options);
  const file = `${options.dir}/swaplab-capture.swap`;
  if (options.backend.endsWith('file')) {
    await fileOfZeros(undo, file, options.swap);
    const [, device] = (await run('df', ['--output=source', file])).trim().split('\n');
    const type = (await run('stat', ['-f', '-c', '%T', file])).trim();
    return existsSync(device)
      ? about(file, device, `a file on ${type}`)
      : {
          area: file,
          mmStat: null,
          rotational: null,
          synchronous: null,
          description: `a file on ${type}`,
        };
  }
  if (options.device !== null)
    return about(options.device, options.device, `the block device ${options.device}`);
  return loopDevice(undo, options, file);
}

async function loopDevice(undo, options, fileOnDisk) {
  let file = fileOnDisk;
  if (options.backing === 'ramfs') {
    const folder = `${options.dir}/swaplab-capture.ramfs`;
    await mountRamfs(undo, folder);
    file = `${folder}/area`;
  }
  await fileOfZeros(undo, file, options.swap);
  const device = (await run('losetup', ['--find', '--show', file])).trim();
  // Detached, a loop device lets go of its file a moment later: wait for that.
  undo.add(`detach ${device}`, async () => {
    await run('losetup', ['--detach', device]);
    await insist(() => {
      if (existsSync(`/sys/block/${basename(device)}/loop/backing_file`))
        throw new Refusal('it is still in use');
    });
  });
  set(undo, `/sys/block/${basename(device)}/queue/rotational`, '0');
  return about(device, device, `a loop device over a file on ${options.backing}`);
}

async function mountRamfs(undo, folder) {
  if (existsSync(folder))
    throw new Refusal(
      `${folder} is there already: another capture is under way, or one was killed (then: umount ` +
        `${folder}; rmdir ${folder})`,
    );
  mkdirSync(folder);
  undo.add(`remove ${folder}`, () => rmdirSync(folder));
  await run('mount', ['-t', 'ramfs', 'swaplab-capture', folder]);
  undo.add(`unmount ${folder}`, () => insist(() => run('umount', [folder])));
}

async function fileOfZeros(undo, path, mib) {
  if (existsSync(path)) throw new Refusal(`${path} is there already; remove it, or give --dir`);
  undo.add(`remove ${path}`, () => rmSync(path, { force: true }));
  const arguments_ = ['if=/dev/zero', `of=${path}`, 'bs=1M', `count=${mib}`, 'conv=fsync'];
  await run('dd', arguments_, { limitS: AREA_LIMIT_S, isInterruptible: true });
  chmodSync(path, 0o600);
}

function zramNames() {
  return readdirSync('/sys/block').filter((name) => /^zram\d/.test(name));
}

/** The first zram device that nobody has set up. */
export function findFreeZram() {
  const names = zramNames();
  const free = names.find((name) => read(`/sys/block/${name}/disksize`) === '0');
  if (free !== undefined) return free;
  throw new Refusal(
    names.length === 0
      ? 'no zram: this kernel has no zram device (modprobe zram makes one, where it is a module)'
      : `no zram: ${names.join(', ')} are in use (cat /sys/class/zram-control/hot_add makes another)`,
  );
}

function zramDevice(undo, options) {
  const name = findFreeZram();
  const folder = `/sys/block/${name}`;
  set(undo, `${folder}/comp_algorithm`, options.zramAlgorithm, read(`${folder}/comp_algorithm`));
  undo.add(`reset ${name}`, () => insist(() => writeFileSync(`${folder}/reset`, '1')));
  writeFileSync(`${folder}/disksize`, `${options.swap}M`);
  const described = about(`/dev/${name}`, `/dev/${name}`, `zram with ${options.zramAlgorithm}`);
  return { ...described, mmStat: `${folder}/mm_stat` };
}

/** Puts a fresh area on, and off again at the end. */
export async function swapOn(undo, path, mib) {
  const area = realpathSync(path);
  await run('mkswap', [area, String(mib * 1024)]);
  // Before the step: a swapon that ran out of time may have come through.
  undo.add(`swapoff ${area}`, async () => {
    if (activeSwap().includes(area)) await run('swapoff', [area], { limitS: AREA_LIMIT_S });
  });
  await run('swapon', [area]);
}
