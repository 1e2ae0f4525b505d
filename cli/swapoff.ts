/**
 * `swapoff`: ends the use of areas.
 *
 * util-linux counterpart: sys-utils/swapoff.c of 2.43. An area that a live run works on stays busy:
 * what is swapped out to it belongs to that run's memory. A file that is gone is found by the path
 * it had. Simplified on purpose: with --all no second pass over the fstab (nothing can be active
 * that the table does not have), and no protection from the OOM killer (nothing is read back in).
 */
import type { ActiveArea } from '../src/area/index.ts';
import { canonicalPath, statAreaFile } from '../src/device/area-file.ts';
import { errnoOf } from '../src/device/file-device.ts';
import type { Errno, Outcome } from '../src/units/index.ts';
import { listActiveAreas, withActiveAreas } from './util-linux/active-table.ts';
import { Getopt, type OptionSpec } from './util-linux/getopt.ts';
import { cannotFind, findByTag, parseTag, type Tag } from './util-linux/probe.ts';
import {
  errnoText,
  utilLinuxCommand,
  type Program,
  type UtilLinuxCommand,
} from './util-linux/program.ts';

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

type OptionId = 'all' | 'help' | 'verbose' | 'version' | 'label' | 'uuid';

const OPTIONS: readonly OptionSpec<OptionId>[] = [
  { id: 'all', short: 'a', long: 'all' },
  { id: 'help', short: 'h', long: 'help' },
  { id: 'verbose', short: 'v', long: 'verbose' },
  { id: 'version', short: 'V', long: 'version' },
  { id: 'label', short: 'L', argument: 'required' },
  { id: 'uuid', short: 'U', argument: 'required' },
];

const USAGE = `
Usage:
 swapoff [options] [<spec>]

End the use of swap areas of swaplab.

Options:
 -a, --all              all active areas, the last one first
 -v, --verbose          say what is done

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

export const command: UtilLinuxCommand = utilLinuxCommand({
  name: 'swapoff',
  summary: 'end the use of swap areas',
  usageStatus: EXIT.usage,
  systemStatus: EXIT.systemError,
  main(program, argv) {
    const options = new Getopt(program, argv, { options: OPTIONS });
    const labels: string[] = [];
    const uuids: string[] = [];
    let isAll = false;
    let isVerbose = false;
    for (const { id, value } of options) {
      if (id === 'help') program.showUsage(USAGE);
      if (id === 'version') program.showVersion();
      if (id === 'all') isAll = true;
      if (id === 'verbose') isVerbose = true;
      if (id === 'label') labels.push(value ?? '');
      if (id === 'uuid') uuids.push(value ?? '');
    }
    const specs = options.operands;
    if (!isAll && labels.length + uuids.length + specs.length === 0) {
      program.warn('bad usage');
      return program.tryHelp();
    }
    const swapoff = new Swapoff(program, isVerbose);
    let status = 0;
    for (const value of labels) status |= swapoff.byTag({ tag: 'LABEL', value });
    for (const value of uuids) status |= swapoff.byTag({ tag: 'UUID', value });
    for (const spec of specs) status |= swapoff.bySpec(spec);
    if (isAll) status |= swapoff.all();
    return status;
  },
});

class Swapoff {
  readonly #program: Program;
  readonly #isVerbose: boolean;

  constructor(program: Program, isVerbose: boolean) {
    this.#program = program;
    this.#isVerbose = isVerbose;
  }

  /** Ends the area of a label or UUID. */
  byTag(tag: { readonly tag: Tag; readonly value: string }): number {
    const path = this.#findTag(tag);
    return path === null ? cannotFind(this.#program, tag.value) : this.#end(path, path);
  }

  /** Ends the area of a path, or of a tag such as `LABEL=name`. */
  bySpec(spec: string): number {
    const tag = parseTag(spec);
    const path = tag === null ? canonicalPath(spec) : this.#findTag(tag);
    if (path !== null) return this.#end(path, spec);
    this.#announce(spec);
    return cannotFind(this.#program, spec);
  }

  /** Ends all areas, the last one first, without a word about those that stay. */
  all(): number {
    const areas = listActiveAreas(this.#program.io).toReversed();
    const outcomes = areas.map((area) => {
      this.#announce(area.path);
      return withActiveAreas(this.#program.io, (table) => table.deactivate(area.fileId));
    });
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

  #end(path: string, spec: string): number {
    this.#announce(spec);
    const { io } = this.#program;
    const area = findActive(listActiveAreas(io), path);
    const outcome: Outcome =
      typeof area === 'string'
        ? area
        : withActiveAreas(io, (table) => table.deactivate(area.fileId));
    if (outcome === 'ok') return EXIT.ok;
    this.#program.warn(`${spec}: swapoff failed: ${errnoText(outcome)}`);
    if (outcome === 'EBUSY' && typeof area !== 'string' && area.ownerPid !== null)
      this.#program.warn(
        `${spec}: a run is at work on it (pid ${area.ownerPid}); it can be ended after that`,
      );
    return outcome === 'ENOMEM' ? EXIT.noMemory : EXIT.failed;
  }

  #announce(spec: string): void {
    if (this.#isVerbose) this.#program.print(`swapoff ${spec}\n`);
  }
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
