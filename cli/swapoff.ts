/**
 * `swapoff`: ends the use of areas.
 *
 * util-linux counterpart: sys-utils/swapoff.c of 2.43. An area that a live run works on is ended by
 * that run, which reads back what is swapped out to it; where the run takes no requests it stays
 * busy. Beyond util-linux: `--run`. A file that is gone is found by the path
 * it had. Simplified on purpose: with --all no second pass over the fstab (nothing can be active
 * that the table does not have), and no protection from the OOM killer (nothing is read back in).
 * Beyond util-linux: `--wipe` and `--no-follow`.
 */
import { lstatSync } from 'node:fs';
import { openSwapArea, type ActiveArea } from '../src/area/index.ts';
import { AreaFile, canonicalPath, statAreaFile, unfollowedPath } from '../src/device/area-file.ts';
import { errnoOf } from '../src/device/file-device.ts';
import type { Errno, Outcome } from '../src/units/index.ts';
import type { ExitStatus } from './description.ts';
import { createProgress } from './progress.ts';
import { listActiveAreas, withActiveAreas } from './util-linux/active-table.ts';
import { askRun, readRunChoice, runOfArea, type RunChoice } from './util-linux/ask-run.ts';
import { Getopt, type OptionSpec } from './util-linux/getopt.ts';
import { cannotFind, findByTag, parseTag, type Tag } from './util-linux/probe.ts';
import {
  errnoText,
  errorText,
  steppedCommand,
  type Program,
  type Steps,
  type UtilLinuxCommand,
} from './util-linux/program.ts';
import { wipeArea, type WipeResult } from './util-linux/wipe-area.ts';

/** @source util-linux sys-utils/swapoff.c SWAPOFF_EX_* */
const EXIT = {
  ok: 0,
  noMemory: 2,
  failed: 4,
  systemError: 8,
  usage: 16,
  allFailed: 32,
  someFailed: 64,
} as const;

const EXIT_STATUS: readonly ExitStatus[] = [
  { code: '0', meaning: 'done' },
  { code: '2', meaning: 'no memory to read back what is swapped out' },
  { code: '4', meaning: 'an area stays active' },
  { code: '8', meaning: 'the state database or the system failed' },
  { code: '16', meaning: 'wrong use' },
  { code: '32', meaning: 'with --all: every area stays active' },
  { code: '64', meaning: 'with --all: some areas stay active' },
];

type OptionId =
  'all' | 'help' | 'verbose' | 'version' | 'label' | 'uuid' | 'wipe' | 'no-follow' | 'run';

const OPTIONS: readonly OptionSpec<OptionId>[] = [
  { id: 'all', short: 'a', long: 'all' },
  { id: 'help', short: 'h', long: 'help' },
  { id: 'verbose', short: 'v', long: 'verbose' },
  { id: 'version', short: 'V', long: 'version' },
  { id: 'label', short: 'L', argument: 'required' },
  { id: 'uuid', short: 'U', argument: 'required' },
  { id: 'wipe', long: 'wipe' },
  { id: 'no-follow', long: 'no-follow' },
  { id: 'run', long: 'run', argument: 'required' },
];

const USAGE = `
Usage:
 swapoff [options] [<spec>]

End the use of swap areas of swaplab.

Options:
 -a, --all              all active areas, the last one first
 -v, --verbose          say what is done
     --wipe             overwrite what the area holds, all but its header, first;
                          where that fails the area stays active
     --no-follow        refuse a file that is a symbolic link
     --run none         leave areas alone that a live run works on; else the
                        run is asked to read them back and give them up

 -h, --help             display this help
 -V, --version          display version

The <spec> parameter:
 -L <label>             the area with this label
 -U <uuid>              the area with this UUID
 LABEL=<label>          the area with this label
 UUID=<uuid>            the area with this UUID
 <device>               a device
 <file>                 a file
`;

export const command: UtilLinuxCommand = steppedCommand({
  name: 'swapoff',
  summary: 'end the use of swap areas',
  line: { options: OPTIONS, usage: USAGE },
  exitStatus: EXIT_STATUS,
  usageStatus: EXIT.usage,
  systemStatus: EXIT.systemError,
  *main(program, argv) {
    const options = new Getopt(program, argv, { options: OPTIONS });
    const labels: string[] = [];
    const uuids: string[] = [];
    let isAll = false;
    const wishes: Wishes = { isVerbose: false, wipes: false, noFollow: false, run: null };
    for (const { id, value } of options) {
      if (id === 'help') program.showUsage(USAGE);
      if (id === 'version') program.showVersion();
      if (id === 'all') isAll = true;
      if (id === 'verbose') wishes.isVerbose = true;
      if (id === 'wipe') wishes.wipes = true;
      if (id === 'no-follow') wishes.noFollow = true;
      if (id === 'label') labels.push(value ?? '');
      if (id === 'uuid') uuids.push(value ?? '');
      if (id === 'run') wishes.run = readRunChoice(program, value ?? '');
    }
    const specs = options.operands;
    if (!isAll && labels.length + uuids.length + specs.length === 0) {
      program.warn('bad usage');
      return program.tryHelp();
    }
    const swapoff = new Swapoff(program, wishes);
    let status = 0;
    for (const value of labels) status |= yield* swapoff.byTag({ tag: 'LABEL', value });
    for (const value of uuids) status |= yield* swapoff.byTag({ tag: 'UUID', value });
    for (const spec of specs) status |= yield* swapoff.bySpec(spec);
    if (isAll) status |= yield* swapoff.all();
    return status;
  },
});

interface Wishes {
  isVerbose: boolean;
  /** --wipe */
  wipes: boolean;
  noFollow: boolean;
  /** --run: who is asked. */
  run: RunChoice;
}

class Swapoff {
  readonly #program: Program;
  readonly #wishes: Readonly<Wishes>;
  /** A signal came: nothing more is begun. */
  #isInterrupted = false;

  constructor(program: Program, wishes: Readonly<Wishes>) {
    this.#program = program;
    this.#wishes = wishes;
  }

  /** Ends the area of a label or UUID. */
  *byTag(tag: { readonly tag: Tag; readonly value: string }): Steps<number> {
    const path = this.#findTag(tag);
    return path === null ? cannotFind(this.#program, tag.value) : yield* this.#end(path, path);
  }

  /** Ends the area of a path, or of a tag such as `LABEL=name`. */
  *bySpec(spec: string): Steps<number> {
    const tag = parseTag(spec);
    const path = tag === null ? this.#pathOf(spec) : this.#findTag(tag);
    if (path !== null) return yield* this.#end(path, spec);
    this.#announce(spec);
    return cannotFind(this.#program, spec);
  }

  /** Ends all areas, the last one first, without a word about those that stay. */
  *all(): Steps<number> {
    const areas = listActiveAreas(this.#program.io).toReversed();
    const outcomes: (Outcome | 'told')[] = [];
    for (const area of areas) {
      this.#announce(area.path);
      outcomes.push(yield* this.#giveUp(area, area.path));
    }
    const failedCount = outcomes.filter((outcome) => outcome !== 'ok').length;
    if (failedCount === 0) return EXIT.ok;
    return failedCount === outcomes.length ? EXIT.allFailed : EXIT.someFailed;
  }

  /** Looks among the active areas first, for blkid does not look at files. */
  #findTag({ tag, value }: { readonly tag: Tag; readonly value: string }): string | null {
    const active = listActiveAreas(this.#program.io).toReversed();
    const nameOf = ({ label, uuid }: ActiveArea): string | null =>
      tag === 'LABEL' ? label : tag === 'UUID' ? uuid : null;
    const found = active.find((area) => nameOf(area) === value);
    return found?.path ?? findByTag(this.#program, { tag, value }, []);
  }

  *#end(path: string, spec: string): Steps<number> {
    this.#announce(spec);
    const { io } = this.#program;
    const area = this.#isRefusedLink(path) ? 'ELOOP' : findActive(listActiveAreas(io), path);
    const outcome = typeof area === 'string' ? area : yield* this.#giveUp(area, spec);
    if (outcome === 'ok') return EXIT.ok;
    if (outcome === 'told') return EXIT.failed;
    this.#program.warn(`${spec}: swapoff failed: ${errnoText(outcome)}`);
    if (outcome === 'EBUSY' && typeof area !== 'string' && area.ownerPid !== null)
      this.#program.warn(
        `${spec}: a run is at work on it (pid ${area.ownerPid}); it can be ended after that`,
      );
    return outcome === 'ENOMEM' ? EXIT.noMemory : EXIT.failed;
  }

  /** The path that an area goes by; with --no-follow a link is not what is behind it. */
  #pathOf(spec: string): string {
    return this.#wishes.noFollow ? unfollowedPath(spec) : canonicalPath(spec);
  }

  #isRefusedLink(path: string): boolean {
    return this.#wishes.noFollow && isLink(path);
  }

  /** Ends an area, wiped if that is asked for. @returns `told` where what went wrong has been said */
  *#giveUp(area: ActiveArea, spec: string): Steps<Outcome | 'told'> {
    const { io } = this.#program;
    if (this.#isInterrupted) return 'EINTR';
    if (this.#wishes.wipes) {
      // While it is wiped it is this process's, so that no run can take it.
      const taken = withActiveAreas(io, (table) => table.acquire([area.fileId]));
      if (taken !== 'ok') return taken;
      let isWiped = false;
      try {
        isWiped = yield* this.#wipe(area, spec);
      } finally {
        if (!isWiped)
          withActiveAreas(io, (table) => {
            table.release([area.fileId]);
          });
      }
      if (!isWiped) return 'told';
    }
    return yield* this.#call(area);
  }

  /** The system call; an area that a live run works on is that run's to end. */
  *#call(area: ActiveArea): Steps<Outcome> {
    const { io } = this.#program;
    const runId = runOfArea(this.#program, area, this.#wishes.run);
    if (runId !== null) {
      if (this.#wishes.isVerbose) this.#program.warn(`${area.path}: asking run ${runId}`);
      const request = { action: 'swapoff', area: area.path, priority: null } as const;
      const answer = yield* askRun(io, runId, request);
      if (answer !== 'gone') {
        this.#isInterrupted = answer.outcome === 'EINTR';
        return answer.outcome as Outcome;
      }
      // An area that the run had taken for itself has gone with it.
      if (!listActiveAreas(io).some(({ fileId }) => fileId === area.fileId)) return 'ok';
    }
    return withActiveAreas(io, (table) => table.deactivate(area.fileId));
  }

  /** Overwrites what an area holds. @returns false when not all of it was; that has been told */
  *#wipe(area: ActiveArea, spec: string): Steps<boolean> {
    const program = this.#program;
    const { noFollow } = this.#wishes;
    const stays = 'it stays active; swapoff without --wipe ends it as it is';
    if (area.kind === 'ghost') {
      program.print(`${spec}: a ghost area holds nothing that could be wiped\n`);
      return true;
    }
    const judged = openSwapArea(area.path, { programs: program.system, noFollow });
    if (judged.outcome !== 'ok' || judged.fileId !== area.fileId) {
      const why = judged.outcome === 'ok' ? 'another file is there now' : judged.reason;
      program.warn(`${spec}: not wiped: ${why}; ${stays}`);
      return false;
    }
    let file: AreaFile;
    try {
      file = AreaFile.open(area.path, { programs: program.system, noFollow });
    } catch (error) {
      program.warnError(`${spec}: not wiped; ${stays}`, error);
      return false;
    }
    const bar = createProgress({ label: `wiping ${spec}`, unit: 'pages' }, program.io);
    let result: WipeResult;
    try {
      if (file.stat().fileId !== area.fileId) {
        program.warn(`${spec}: not wiped: another file is there now; ${stays}`);
        return false;
      }
      result = yield* wipeArea(file, area, judged, (done, total) => {
        bar.update({ done, total });
      });
    } finally {
      bar.stop();
      file.close();
    }
    const { pageCount, wipedCount, failedCount, firstFailure, isInterrupted } = result;
    this.#isInterrupted = isInterrupted;
    const done = `${wipedCount} of ${pageCount} pages overwritten`;
    if (isInterrupted) program.warn(`${spec}: interrupted: ${done}; ${stays}`);
    else if (firstFailure !== null)
      program.warn(
        `${spec}: ${done}, ${failedCount} could not be, the first of them page ` +
          `${firstFailure.page}: ${errorText(firstFailure.error)}; ${stays}`,
      );
    else if (this.#wishes.isVerbose) program.print(`${spec}: ${done}\n`);
    return !isInterrupted && firstFailure === null;
  }

  #announce(spec: string): void {
    if (this.#wishes.isVerbose) this.#program.print(`swapoff ${spec}\n`);
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** The active area of the file at a path, or of a file that was there when it became active. */
function findActive(active: readonly ActiveArea[], path: string): ActiveArea | Errno {
  const byPath = active.find((area) => area.path === path);
  let fileId: string;
  try {
    fileId = statAreaFile(path).fileId;
  } catch (error) {
    return byPath ?? errnoOf(error);
  }
  return active.find((area) => area.fileId === fileId) ?? byPath ?? 'EINVAL';
}
