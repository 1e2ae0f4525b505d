#!/usr/bin/env node
/**
 * Records what this host's kernel counts on a swap trace, as a capture for `swaplab validate`.
 * Needs root; puts every setting back. README.md says how; recorder.c does the trace itself.
 */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { prepareArea, swapOn } from './areas.mjs';
import { createCgroup, findMemoryCgroups, oomKills } from './cgroups.mjs';
import { interrupt, pause, Refusal, run, throwIfInterrupted } from './commands.mjs';
import { watchFlushes } from './flushes.mjs';
import { BadArguments, HELP, parseOptions } from './options.mjs';
import { checkHost, checkSystem, hostWarnings, usesLruGen } from './requirements.mjs';
import { read, set } from './settings.mjs';
import { UndoList } from './undo.mjs';
import { setZswap } from './zswap.mjs';

const DEBUGFS = '/sys/kernel/debug';
/** Seconds to wait for the worker's first round: it comes every two, later on an idle machine. */
const FLUSH_WAIT_S = 5;

function say(text) {
  process.stderr.write(`kernel-capture: ${text}\n`);
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

/**
 * One run: a fresh area, a fresh cgroup, a fresh process.
 * @returns null when the OOM killer ended it
 */
async function recordRun(undo, options, { recorder, area, cgroups }) {
  const mark = undo.mark;
  try {
    const flushes = await watchFlushes(undo);
    await swapOn(undo, area.area, options.swap);
    const { limit, zswapMax, trace, cpu, dir, timeLimit } = options;
    const cgroup = createCgroup(undo, cgroups, { limitMiB: limit, zswapMaxMiB: zswapMax });
    const waitUntil = performance.now() + FLUSH_WAIT_S * 1000;
    while (flushes?.().length === 0 && performance.now() < waitUntil) await pause(100);
    const args = [trace, cgroup, String(cpu), dir];
    if (area.mmStat !== null) args.push(area.mmStat);
    const output = await run(recorder, args, { limitS: timeLimit, isInterruptible: true }).catch(
      (error) => {
        throwIfInterrupted();
        if (oomKills(cgroups, cgroup) > 0) return null;
        throw error;
      },
    );
    return output === null ? null : withFlushes(JSON.parse(output), flushes?.() ?? null);
  } finally {
    await undo.unwind(mark);
  }
}

/** The times of flushes as seconds from the start of the first operation, until the last one's end. */
function withFlushes({ start_s: start, ...recorded }, flushes) {
  if (flushes === null) return recorded;
  const end = recorded.phases.reduce((sum, phase) => sum + phase.elapsed_s, start + 1);
  const times = flushes.filter((time) => time < end);
  return { flushes_s: times.map((time) => Number((time - start).toFixed(4))), ...recorded };
}

async function recordRuns(undo, options, parts) {
  const runs = [];
  let oomKilled = 0;
  while (runs.length < options.runs) {
    throwIfInterrupted();
    const recorded = await recordRun(undo, options, parts);
    if (recorded === null) {
      oomKilled += 1;
      say(`run ${runs.length + 1}: the OOM killer ended it; once more`);
      if (oomKilled > options.runs)
        throw new Refusal(`the OOM killer ended ${oomKilled} runs: --limit or --swap is too small`);
      continue;
    }
    runs.push(recorded);
    const swapped = recorded.phases.map(
      (phase) => phase.counters.pswpout + (phase.counters.zswpout ?? 0),
    );
    say(`run ${runs.length} of ${options.runs}: pages written by operation: ${swapped.join(' ')}`);
  }
  return { runs, oomKilled };
}

/** Where, when and how: nothing of it changes a replay. */
function provenance(options, { area, cgroups, runs, oomKilled }) {
  return {
    recorded: new Date().toISOString().slice(0, 10),
    release: read('/proc/sys/kernel/osrelease'),
    version: read('/proc/sys/kernel/version'),
    machine: `${cpus()[0].model}, ${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 20)} MiB`,
    command: options.command,
    cgroup: cgroups.version,
    lruGen: usesLruGen(),
    area: area.description,
    rotational: area.rotational,
    synchronous: area.synchronous,
    ...(options.backend === 'zram' ? { zramAlgorithm: options.zramAlgorithm } : {}),
    flushes: runs.every((each) => each.flushes_s !== undefined) ? 'recorded' : 'not recorded',
    runs: runs.length,
    oomKilledRuns: oomKilled,
  };
}

async function capture(options, undo) {
  const cgroups = findMemoryCgroups();
  await checkHost(options, cgroups);
  const recorder = await buildRecorder();
  await run(recorder, ['--check', options.trace]);
  hostWarnings().forEach(say);
  if (!existsSync(`${DEBUGFS}/block`)) {
    await run('mount', ['-t', 'debugfs', 'debugfs', DEBUGFS]);
    undo.add(`unmount ${DEBUGFS}`, () => run('umount', [DEBUGFS]));
  }
  set(undo, '/proc/sys/vm/page-cluster', options.pageCluster);
  set(undo, '/proc/sys/vm/swappiness', options.swappiness);
  const area = await prepareArea(undo, options);
  const zswap = setZswap(undo, options);
  const { runs, oomKilled } = await recordRuns(undo, options, { recorder, area, cgroups });
  const median = (key) => runs.map((each) => each[key]).sort((a, b) => a - b)[runs.length >> 1];
  return {
    kernel: read('/proc/sys/kernel/osrelease').replace(/-.*/, ''),
    ...(options.note === null ? {} : { note: options.note }),
    trace: readFileSync(options.trace, 'utf8').trim().split('\n'),
    limitMiB: options.limit,
    backend: options.backend,
    swapMiB: options.swap,
    pageCluster: options.pageCluster,
    swappiness: options.swappiness,
    zswap,
    reservedPages: median('reservedPages'),
    filePages: median('filePages'),
    provenance: provenance(options, { area, cgroups, runs, oomKilled }),
    runs: runs.map(({ reservedPages: _1, filePages: _2, ...kept }) => kept),
  };
}

/** Runs on a line each: small differences between captures are seen in a diff. */
function format({ runs, ...head }) {
  const text = JSON.stringify({ ...head, runs: [] }, null, 1);
  const lines = runs.map((each) => JSON.stringify(each)).join(',\n');
  return text.replace(/\[\]\s*}$/, () => `[\n${lines}\n]}\n`);
}

async function main() {
  const undo = new UndoList(say);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      say(`${signal}: putting everything back`);
      interrupt(signal);
    });
  try {
    checkSystem();
    const options = parseOptions(process.argv.slice(2));
    if (options === null) return void process.stdout.write(HELP);
    writeFileSync(options.out, format(await capture(options, undo)));
  } catch (error) {
    process.exitCode = error instanceof BadArguments ? 2 : 1;
    // What the system itself refuses has a code and says where.
    if (!(error instanceof Refusal || error.code !== undefined)) throw error;
    say(error.message);
    if (error instanceof BadArguments) say('--help shows what is accepted');
  } finally {
    await undo.unwind();
    if (undo.failed > 0) process.exitCode = 1;
  }
}

await main();
