/**
 * `swapon`: makes areas active, and shows the active ones.
 *
 * util-linux counterpart: sys-utils/swapon.c of 2.43. Where it calls the kernel, the area is checked
 * as the kernel does (`openSwapArea`) and put into the table of active areas of the state database.
 * What the kernel would log is told behind the message of the failed call. Beyond util-linux:
 * `--json`, `--no-follow`, and `--run`: while a run is live the area goes to it. A discard policy is
 * accepted and not kept.
 */
import type { ExitStatus } from './description.ts';
import { openSwapArea, type ActiveArea, type ActiveAreas } from '../src/area/index.ts';
import { canonicalPath, statAreaFile, unfollowedPath } from '../src/device/area-file.ts';
import type { Errno } from '../src/units/index.ts';
import { command as mkswap } from './mkswap.ts';
import { listActiveAreas, withActiveAreas } from './util-linux/active-table.ts';
import { askRun, runForArea } from './util-linux/ask-run.ts';
import {
  defaultFstab,
  mountOption,
  readFstab,
  withOptions,
  type FstabEntry,
  type SwapProperties,
} from './util-linux/fstab.ts';
import { cannotFind, findByTag, parseTag, type Tag } from './util-linux/probe.ts';
import {
  errnoText,
  performSteps,
  utilLinuxCommand,
  type Program,
  type UtilLinuxCommand,
} from './util-linux/program.ts';
import { formatTable, tableDocument } from './util-linux/smartcols.ts';
import { DEFAULT_SWAP_COLUMNS, SWAP_COLUMNS, swapSummary } from './util-linux/swap-columns.ts';
import { checkBeforeSwapon } from './util-linux/swapon-checks.ts';
import { readSwaponLine, SWAPON_LINE, type SwaponSettings } from './util-linux/swapon-options.ts';

/** What util-linux's `status |= -1` comes out as. */
const FAILED = 255;

const EXIT_STATUS: readonly ExitStatus[] = [
  { code: '0', meaning: 'done' },
  { code: '1', meaning: 'wrong use, or the system failed' },
  { code: '255', meaning: 'an area was not made active' },
];
/** @source linux 6.18 include/linux/swap.h SWAP_FLAG_PRIO_MASK */
const PRIORITY_MAX = 32767;

export const command: UtilLinuxCommand = utilLinuxCommand({
  name: 'swapon',
  summary: 'put swap areas to use, or show those in use',
  line: SWAPON_LINE,
  exitStatus: EXIT_STATUS,
  main(program, argv) {
    const { settings, specs } = readSwaponLine(program, argv);
    if (settings.isSummary) {
      program.print(swapSummary(listActiveAreas(program.io)));
      return 0;
    }
    const hasAreas = settings.isAll || settings.labels.length > 0 || settings.uuids.length > 0;
    if (settings.isShow || settings.isJson || (!hasAreas && specs.length === 0)) {
      show(program, settings);
      return 0;
    }
    if (settings.properties.isNoFail && !settings.isAll) {
      program.warn('bad usage');
      return program.tryHelp();
    }
    return new Swapon(program, settings).activateAll(specs);
  },
});

function show(program: Program, settings: SwaponSettings): void {
  const areas = listActiveAreas(program.io);
  if (settings.isJson) {
    const swapdevices = tableDocument(settings.columns ?? SWAP_COLUMNS, areas);
    program.print(`${JSON.stringify({ swapdevices }, null, 3)}\n`);
  } else program.print(formatTable(settings.columns ?? DEFAULT_SWAP_COLUMNS, areas, settings));
}

class Swapon {
  readonly #program: Program;
  readonly #settings: SwaponSettings;
  #entries: readonly FstabEntry[] | null = null;

  constructor(program: Program, settings: SwaponSettings) {
    this.#program = program;
    this.#settings = settings;
  }

  /** Activates all that the command line names; status 0 when all went well, else 255. */
  activateAll(specs: readonly string[]): number {
    const { isAll, labels, uuids, options } = this.#settings;
    let status = isAll ? this.#activateFstab() : 0;
    const { properties: global } = this.#settings;
    const properties = options === null ? global : withOptions(global, options);
    for (const value of labels) status |= this.#activateTag({ tag: 'LABEL', value }, properties);
    for (const value of uuids) status |= this.#activateTag({ tag: 'UUID', value }, properties);
    for (const spec of specs) {
      const path = this.#resolve(spec);
      status |= path === null ? cannotFind(this.#program, spec) : this.#activate(path, properties);
    }
    return status;
  }

  #activateFstab(): number {
    const program = this.#program;
    let status = 0;
    for (const { source, options } of this.#fstabEntries()) {
      if (mountOption(options, 'noauto') !== null) {
        this.#tell(`${source}: noauto option -- ignored`);
        continue;
      }
      const properties = withOptions(this.#settings.properties, options);
      const path = this.#resolve(source);
      if (path === null) {
        if (!properties.isNoFail) status |= cannotFind(program, source);
      } else if (isActive(listActiveAreas(program.io), path)) {
        this.#tell(`${path}: already active -- ignored`);
      } else if (properties.isNoFail && fileIdOf(path) === null) {
        this.#tell(`${path}: inaccessible -- ignored`);
      } else status |= this.#activate(path, properties);
    }
    return status;
  }

  /** The swap entries of the fstab in use, read once. */
  #fstabEntries(): readonly FstabEntry[] {
    const path = this.#settings.fstab ?? defaultFstab(this.#program);
    this.#entries ??= readFstab(this.#program, path);
    return this.#entries;
  }

  /** The path behind a path or a tag; null when nothing has the tag. */
  #resolve(spec: string): string | null {
    const tag = parseTag(spec);
    if (tag !== null) return this.#findTag(tag);
    return this.#settings.noFollow ? unfollowedPath(spec) : canonicalPath(spec);
  }

  /** Looks for a tag in the files that the fstab names, if one is in use, and among the devices. */
  #findTag(tag: { readonly tag: Tag; readonly value: string }): string | null {
    const { isAll, fstab } = this.#settings;
    const entries = isAll || fstab !== null ? this.#fstabEntries() : [];
    const paths = entries.map(({ source }) => source).filter((source) => source.startsWith('/'));
    return findByTag(this.#program, tag, paths);
  }

  #activateTag(
    tag: { readonly tag: Tag; readonly value: string },
    properties: SwapProperties,
  ): number {
    const path = this.#findTag(tag);
    return path === null ? cannotFind(this.#program, tag.value) : this.#activate(path, properties);
  }

  #activate(path: string, properties: SwapProperties): number {
    const program = this.#program;
    const { isVerbose, fixesPageSize, noFollow } = this.#settings;
    const makeSwap = (argv: readonly string[]): number => mkswap.runSync(argv, program.io);
    const checks = { isVerbose, fixesPageSize, noFollow, makeSwap };
    if (!checkBeforeSwapon(program, path, checks)) return FAILED;
    if (isVerbose) program.print(`swapon ${path}\n`);
    const { priority } = properties;
    const wanted = priority < 0 ? null : Math.min(priority, PRIORITY_MAX);
    const isFree = !isActive(listActiveAreas(program.io), path);
    const runId = isFree ? runForArea(program, path, this.#settings.run) : null;
    const status = runId === null ? null : this.#askRun(runId, path, wanted);
    return status ?? withActiveAreas(program.io, (areas) => this.#call(areas, path, wanted));
  }

  /** The system call of a live run; null when that has ended without an answer. */
  #askRun(runId: number, path: string, priority: number | null): number | null {
    const request = { action: 'swapon', area: path, priority } as const;
    const answer = performSteps(askRun(this.#program.io, runId, request));
    if (answer === 'gone') return null;
    if (answer.outcome === 'ok') {
      this.#program.warn(`${path}: given to run ${runId}, which is live`);
      return 0;
    }
    this.#failCall(path, answer.outcome as Errno, [`run ${runId}`, answer.detail]);
    return FAILED;
  }

  /** The system call. */
  #call(areas: ActiveAreas, path: string, priority: number | null): number {
    const program = this.#program;
    const active = areas.list();
    const { noFollow } = this.#settings;
    const area = openSwapArea(path, { active, programs: program.system, noFollow });
    if (area.outcome !== 'ok') {
      this.#failCall(path, area.outcome, [...area.log, area.reason]);
      return FAILED;
    }
    for (const line of area.log) program.warn(`${path}: ${line}`);
    const { fileId, kind, maxPages, pages, uuid, label } = area;
    const names = { path: area.path, uuid, label };
    const request = { ...names, fileId, kind, maxPages, pages, priority, transient: false };
    const result = areas.activate(request);
    if (typeof result !== 'string') return 0;
    this.#failCall(path, result, ['another process was quicker']);
    return FAILED;
  }

  #failCall(path: string, errno: Errno, why: readonly string[]): void {
    this.#program.warn(`${path}: swapon failed: ${errnoText(errno)}`);
    this.#program.warn(`${path}: ${why.join(': ')}`);
  }

  /** Says something to those who asked for it. */
  #tell(text: string): void {
    if (this.#settings.isVerbose) this.#program.warn(text);
  }
}

function isActive(areas: readonly ActiveArea[], path: string): boolean {
  const fileId = fileIdOf(path);
  return areas.some((area) => area.fileId === fileId || area.path === path);
}

/** Identity of the file at a path; null where none can be reached. */
function fileIdOf(path: string): string | null {
  try {
    return statAreaFile(path).fileId;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) return null;
    throw error;
  }
}
