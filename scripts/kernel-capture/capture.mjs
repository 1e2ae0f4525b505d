#!/usr/bin/env node
/**
 * Records what this host's kernel counts on a swap trace, as a capture for `swaplab validate`.
 * Needs root; puts every setting back. README.md says how.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  activeSwap,
  createCgroup,
  deviceOf,
  fileOfZeros,
  findMemoryCgroups,
  isRotational,
  killChild,
  loopDevice,
  oomKills,
  ramfs,
  read,
  readIfThere,
  Refusal,
  refuseTmpfs,
  run,
  set,
  swapOn,
  watchFlushes,
  zram,
} from './host.mjs';
import { UndoList } from './undo.mjs';

const HELP = `usage: capture.mjs --trace FILE --out FILE --backend KIND --limit MIB --swap MIB [options]

  --trace FILE           the trace (format: fixtures/kernel/README.md)
  --out FILE             where the capture goes; not overwritten
  --backend KIND         file       a swapfile in --dir
                         ssd        a whole block device: --device, or a loop device over --backing
                         zram       a zram device
                         zswap-ssd, zswap-file   zswap over these
  --limit MIB            hard limit of the memory cgroup
  --swap MIB             size of the swap area
  --page-cluster N       vm.page-cluster, 0 to 10 (3)
  --swappiness N         vm.swappiness (60)
  --runs N               how often, each time anew (5)
  --cpu N                the CPU that the trace runs on (the last one)
  --note TEXT            kept in the capture
  --dir PATH             where the area's file is made (/var/tmp)
  --device PATH          backend ssd: a block device whose content may be lost
  --backing disk|ramfs   backend ssd without --device: what the loop device lies on (ramfs)
  --zram-algorithm NAME  (lz4)
  --compressor NAME      of zswap (deflate)
  --max-pool-percent N   of zswap (20)
  --accept-threshold N   of zswap (90)
  --shrinker             zswap's shrinker on
  --zswap-max MIB        memory.zswap.max of the cgroup; cgroup version 2 only
  --time-limit S         of one run (120)
  --force                although other swap is on: its pages are counted too

Exit: 0 recorded, 1 refused or failed (every setting is back), 2 bad arguments.
`;

const OPTIONS = {
  trace: { type: 'string' },
  out: { type: 'string' },
  backend: { type: 'string' },
  limit: { type: 'string' },
  swap: { type: 'string' },
  'page-cluster': { type: 'string', default: '3' },
  swappiness: { type: 'string', default: '60' },
  runs: { type: 'string', default: '5' },
  cpu: { type: 'string' },
  note: { type: 'string' },
  dir: { type: 'string', default: '/var/tmp' },
  device: { type: 'string' },
  backing: { type: 'string', default: 'ramfs' },
  'zram-algorithm': { type: 'string', default: 'lz4' },
  compressor: { type: 'string', default: 'deflate' },
  'max-pool-percent': { type: 'string', default: '20' },
  'accept-threshold': { type: 'string', default: '90' },
  shrinker: { type: 'boolean', default: false },
  'zswap-max': { type: 'string' },
  'time-limit': { type: 'string', default: '120' },
  force: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const BACKENDS = ['file', 'ssd', 'zram', 'zswap-ssd', 'zswap-file'];
const ZSWAP = '/sys/module/zswap/parameters';
const DEBUGFS = '/sys/kernel/debug';
/** Seconds to wait for the worker's first round: it comes every two, later on an idle machine. */
const FLUSH_WAIT_S = 5;

class BadArguments extends Error {}

function parse(argv) {
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: OPTIONS }));
  } catch (error) {
    throw new BadArguments(error.message);
  }
  if (values.help) return null;
  for (const name of ['trace', 'out', 'backend', 'limit', 'swap'])
    if (values[name] === undefined) throw new BadArguments(`--${name} is missing`);
  const oneOf = (name, accepted) => {
    if (!accepted.includes(values[name]))
      throw new BadArguments(`--${name}: '${values[name]}' is none of ${accepted.join(', ')}`);
    return values[name];
  };
  const number = (name, least, most) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new BadArguments(`--${name}: '${values[name]}' is no whole number from ${least} to ${most}`);
    return value;
  };
  return {
    ...values,
    backend: oneOf('backend', BACKENDS),
    backing: oneOf('backing', ['disk', 'ramfs']),
    limit: number('limit', 4, 1 << 20),
    swap: number('swap', 1, 1 << 20),
    pageCluster: number('page-cluster', 0, 10),
    swappiness: number('swappiness', 0, 200),
    runs: number('runs', 1, 100),
    cpu: values.cpu === undefined ? cpus().length - 1 : number('cpu', 0, cpus().length - 1),
    maxPoolPercent: number('max-pool-percent', 0, 100),
    acceptThresholdPercent: number('accept-threshold', 0, 100),
    zswapMaxMiB: values['zswap-max'] === undefined ? null : number('zswap-max', 0, 1 << 20),
    timeLimit: number('time-limit', 1, 86400),
  };
}

/** What can be seen to be in the way before anything is touched. */
function checkHost(options) {
  if (process.platform !== 'linux') throw new Refusal('only Linux counts what a capture needs');
  if (process.getuid() !== 0) throw new Refusal('only root may set up swap and cgroups: run it with sudo');
  if (!existsSync('/proc/swaps')) throw new Refusal('this kernel is built without swap (CONFIG_SWAP)');
  const others = activeSwap();
  if (others.length > 0 && !options.force)
    throw new Refusal(
      `${others.join(', ')}: swap is on, and counters are system-wide; swapoff first, or --force`,
    );
  if (!existsSync(options.trace)) throw new Refusal(`--trace: ${options.trace} does not exist`);
  if (existsSync(options.out)) throw new Refusal(`--out: ${options.out} is there already`);
  if (options.backend.startsWith('zswap') && !existsSync(`${ZSWAP}/enabled`))
    throw new Refusal('this kernel is built without zswap (CONFIG_ZSWAP)');
  if (options.device !== undefined) {
    if (!options.backend.endsWith('ssd'))
      throw new Refusal(`--device goes with backend ssd or zswap-ssd, not with ${options.backend}`);
    if (!existsSync(options.device) || !statSync(options.device).isBlockDevice())
      throw new Refusal(`--device: ${options.device} is no block device`);
    refuseTmpfs(options.device);
  }
  const neededMiB = options.limit + (options.backing === 'ramfs' || options.backend === 'zram' ? options.swap : 0);
  const freeMiB = Number(/MemAvailable:\s+(\d+)/.exec(read('/proc/meminfo'))[1]) / 1024;
  if (neededMiB * 1.25 > freeMiB)
    throw new Refusal(`${neededMiB} MiB and a quarter more are needed, ${Math.floor(freeMiB)} MiB are available`);
}

/** Builds the recorder beside its source, anew where that has changed. */
async function buildRecorder() {
  const source = fileURLToPath(new URL('recorder.c', import.meta.url));
  const program = fileURLToPath(new URL('build/recorder', import.meta.url));
  mkdirSync(new URL('build', import.meta.url), { recursive: true });
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs)
    await run('cc', ['-O2', '-Wall', '-o', program, source]);
  return program;
}

/** The area's place, for all runs. */
async function prepareBackend(undo, options) {
  const kind = options.backend.replace('zswap-', '');
  const file = `${options.dir}/swaplab-capture.swap`;
  if (kind === 'zram') {
    const { device, mmStat } = await zram(undo, options['zram-algorithm'], options.swap);
    return { area: device, mmStat, rotational: false, about: `${device}, ${options['zram-algorithm']}` };
  }
  if (kind === 'file') {
    refuseTmpfs(file);
    await fileOfZeros(undo, file, options.swap);
    const disk = await deviceOf(file);
    const type = (await run('stat', ['-f', '-c', '%T', file])).trim();
    return { area: file, mmStat: null, rotational: isRotational(disk), about: `a file on ${type}` };
  }
  if (options.device !== undefined)
    return {
      area: options.device,
      mmStat: null,
      rotational: isRotational(options.device),
      about: options.device,
    };
  let backing = file;
  if (options.backing === 'ramfs') {
    const folder = `${options.dir}/swaplab-capture.ramfs`;
    undo.add(`remove ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
    await ramfs(undo, folder);
    backing = `${folder}/area`;
  } else {
    refuseTmpfs(file);
  }
  await fileOfZeros(undo, backing, options.swap);
  const device = await loopDevice(undo, backing);
  const queue = `/sys/block/${device.replace('/dev/', '')}/queue/rotational`;
  if (read(queue) === '1') set(undo, queue, '0');
  return { area: device, mmStat: null, rotational: false, about: `a loop device over ${options.backing}` };
}

function setZswap(undo, options) {
  if (!options.backend.startsWith('zswap')) {
    // Whatever the host has it at: a capture without zswap has none.
    if (readIfThere(`${ZSWAP}/enabled`) === 'Y') set(undo, `${ZSWAP}/enabled`, 'N');
    return null;
  }
  set(undo, `${ZSWAP}/compressor`, options.compressor);
  set(undo, `${ZSWAP}/max_pool_percent`, options.maxPoolPercent);
  set(undo, `${ZSWAP}/accept_threshold_percent`, options.acceptThresholdPercent);
  set(undo, `${ZSWAP}/shrinker_enabled`, options.shrinker ? 'Y' : 'N');
  set(undo, `${ZSWAP}/enabled`, 'Y');
  return {
    compressor: options.compressor,
    maxPoolPercent: options.maxPoolPercent,
    memTotalKiB: Number(/MemTotal:\s+(\d+)/.exec(read('/proc/meminfo'))[1]),
    acceptThresholdPercent: options.acceptThresholdPercent,
    shrinkerEnabled: options.shrinker,
    ...(options.zswapMaxMiB === null ? {} : { cgroupMaxMiB: options.zswapMaxMiB }),
  };
}

/**
 * One run: a fresh area, a fresh cgroup, a fresh process.
 * @returns null when the OOM killer ended it
 */
async function recordRun(undo, options, parts) {
  const { recorder, backend, cgroups } = parts;
  const mark = undo.mark;
  try {
    const flushes = await watchFlushes(undo);
    await swapOn(undo, backend.area);
    const zswapMax = options.zswapMaxMiB === null ? null : options.zswapMaxMiB << 20;
    const cgroup = createCgroup(undo, cgroups, options.limit * 1024 * 1024, zswapMax);
    for (let tries = 0; flushes !== null && flushes().length === 0 && tries < FLUSH_WAIT_S * 10; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const args = [options.trace, cgroup, String(options.cpu), options.dir];
    if (backend.mmStat !== null) args.push(backend.mmStat);
    const output = await run(recorder, args, options.timeLimit).catch((error) => {
      if (error.isKilled && oomKills(cgroups, cgroup) > 0) return null;
      throw error;
    });
    if (output === null) return null;
    const { start_s: start, ...recorded } = JSON.parse(output);
    if (flushes === null) return recorded;
    const end = recorded.phases.reduce((sum, phase) => sum + phase.elapsed_s, 0) + 1;
    const times = flushes().map((time) => Number((time - start).toFixed(4)));
    return { flushes_s: times.filter((time) => time < end), ...recorded };
  } finally {
    await undo.unwind(mark);
  }
}

async function capture(options, undo) {
  checkHost(options);
  const cgroups = findMemoryCgroups();
  const recorder = await buildRecorder();
  if (!existsSync(`${DEBUGFS}/block`)) {
    await run('mount', ['-t', 'debugfs', 'debugfs', DEBUGFS]);
    undo.add(`unmount ${DEBUGFS}`, () => run('umount', [DEBUGFS]));
  }
  const lruGen = Number(readIfThere('/sys/kernel/mm/lru_gen/enabled') ?? 0) & 1;
  if (lruGen === 1)
    process.stderr.write(
      'kernel-capture: this kernel reclaims by generations (lru_gen); swaplab replays the classic lists: ' +
        'echo n > /sys/kernel/mm/lru_gen/enabled to compare\n',
    );
  set(undo, '/proc/sys/vm/page-cluster', options.pageCluster);
  set(undo, '/proc/sys/vm/swappiness', options.swappiness);
  const backend = await prepareBackend(undo, options);
  const zswap = setZswap(undo, options);
  const runs = [];
  let oomKilled = 0;
  while (runs.length < options.runs) {
    const recorded = await recordRun(undo, options, { recorder, backend, cgroups });
    if (recorded === null) {
      oomKilled += 1;
      process.stderr.write(`run ${runs.length + 1}: the OOM killer ended it; once more\n`);
      if (oomKilled > options.runs)
        throw new Refusal(`the OOM killer ended ${oomKilled} runs: --limit or --swap is too small`);
      continue;
    }
    runs.push(recorded);
    const [first] = recorded.phases;
    process.stderr.write(
      `run ${runs.length} of ${options.runs}: ${recorded.phases.length} phases, the first: ` +
        `pswpout ${first.counters.pswpout}, zswpout ${first.counters.zswpout ?? 0}\n`,
    );
  }
  const middle = (key) => runs.map((each) => each[key]).sort((a, b) => a - b)[runs.length >> 1];
  return {
    kernel: read('/proc/sys/kernel/osrelease').replace(/-.*/, ''),
    ...(options.note === undefined ? {} : { note: options.note }),
    trace: readFileSync(options.trace, 'utf8').trim().split('\n'),
    limitMiB: options.limit,
    backend: options.backend,
    swapMiB: options.swap,
    pageCluster: options.pageCluster,
    swappiness: options.swappiness,
    zswap,
    reservedPages: middle('reservedPages'),
    filePages: middle('filePages'),
    provenance: {
      recorded: new Date().toISOString().slice(0, 10),
      release: read('/proc/sys/kernel/osrelease'),
      machine: `${cpus()[0].model}, ${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 20)} MiB`,
      cgroup: cgroups.version,
      lruGen: lruGen === 1,
      area: backend.about,
      rotational: backend.rotational,
      oomKilledRuns: oomKilled,
      ...(options.backend === 'zram' ? { zramAlgorithm: options['zram-algorithm'] } : {}),
    },
    runs: runs.map(({ reservedPages: _reserved, filePages: _file, ...kept }) => kept),
  };
}

/** Runs on a line each: small differences between captures are seen in a diff. */
function format({ runs, ...head }) {
  const text = JSON.stringify({ ...head, runs: [] }, null, 1);
  return text.replace(/\[\]\s*}$/, () => `[\n${runs.map((each) => JSON.stringify(each)).join(',\n')}\n]}\n`);
}

async function main() {
  const undo = new UndoList();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      process.stderr.write(`kernel-capture: ${signal}: putting everything back\n`);
      process.exitCode = 1;
      killChild('SIGKILL');
    });
  try {
    const options = parse(process.argv.slice(2));
    if (options === null) return void process.stdout.write(HELP);
    const recorded = await capture(options, undo);
    writeFileSync(options.out, format(recorded));
  } catch (error) {
    process.exitCode = error instanceof BadArguments ? 2 : 1;
    if (!(error instanceof Refusal || error instanceof BadArguments)) throw error;
    process.stderr.write(`kernel-capture: ${error.message}\n`);
    if (error instanceof BadArguments) process.stderr.write('--help shows what is accepted\n');
  } finally {
    await undo.unwind();
  }
}

await main();
