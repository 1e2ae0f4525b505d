/**
 * The manners that mkswap, swaplabel, swapon and swapoff share: messages that start with the name of
 * the program, exit codes, `Try 'X --help'`.
 *
 * util-linux counterpart: include/c.h (warnx, errx, errtryhelp, print_version) and glibc's strerror.
 */
import { RunError, UsageError, type Errno } from '../../src/units/index.ts';
import { SystemPrograms, SYSTEM_PATH } from '../../src/device/system-programs.ts';
import type { CliCommand, CommandIo } from '../command.ts';
import type { ExitStatus } from '../description.ts';
import { version } from '../version.ts';
import { describeUsage, type UsageTable } from './description.ts';

/** A command that another one can call. */
export interface UtilLinuxCommand extends CliCommand {
  /** As `run`, without waiting. */
  runSync(argv: readonly string[], io: CommandIo): number;
}

/** Ends a program early, as exit(3) does; what there is to say has been said. */
export class ProgramExit extends Error {
  override readonly name = 'ProgramExit';
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

export class Program {
  readonly name: string;
  readonly io: CommandIo;
  /** Status of a usage error. */
  readonly usageStatus: number;
  /** The system's programs, found by the user's PATH and where administrators' programs are. */
  readonly system: SystemPrograms;

  constructor(name: string, io: CommandIo, usageStatus = 1) {
    this.name = name;
    this.io = io;
    this.usageStatus = usageStatus;
    const path = io.env['PATH'] ?? SYSTEM_PATH;
    // Users' PATH often lacks the folder of wipefs, blkid and filefrag.
    this.system = new SystemPrograms(path.includes('/sbin') ? path : `${path}:${SYSTEM_PATH}`);
  }

  print(text: string): void {
    this.io.stdout(text);
  }

  /** Writes `NAME: TEXT` to stderr. */
  warn(text: string): void {
    this.io.stderr(`${this.name}: ${text}\n`);
  }

  /** Writes `NAME: TEXT: REASON` to stderr, with the system's words for a failed call. */
  warnError(text: string, error: unknown): void {
    this.warn(`${text}: ${errorText(error)}`);
  }

  /** Writes `NAME: TEXT` to stderr and ends the program with status 1. */
  fail(text: string): never {
    this.warn(text);
    throw new ProgramExit(1);
  }

  failError(text: string, error: unknown): never {
    this.warnError(text, error);
    throw new ProgramExit(1);
  }

  /** Ends the program after a usage error that has been told. */
  tryHelp(): never {
    this.io.stderr(`Try '${this.name} --help' for more information.\n`);
    throw new ProgramExit(this.usageStatus);
  }

  /** Writes `NAME from swaplab VERSION` and ends the program well. */
  showVersion(): never {
    this.print(`${this.name} from swaplab ${version}\n`);
    throw new ProgramExit(0);
  }

  showUsage(text: string): never {
    this.print(text);
    throw new ProgramExit(0);
  }
}

const EXIT_STATUS: readonly ExitStatus[] = [
  { code: '0', meaning: 'done' },
  { code: '1', meaning: 'failed, or wrong use' },
];

export interface ProgramOptions<Result = number> {
  readonly name: string;
  readonly summary: string;
  /** What its command line takes, for all that tells about it. */
  readonly line: Pick<UsageTable, 'options' | 'usage'>;
  /** Exit codes; 0 done and 1 failed when left out. */
  readonly exitStatus?: readonly ExitStatus[];
  /** Status of a usage error; 1 when left out. */
  readonly usageStatus?: number;
  /** Status when the state database or the system fails; 1 when left out. */
  readonly systemStatus?: number;
  main(program: Program, argv: readonly string[]): Result;
}

/**
 * A program that takes a while: it yields now and then, and is told whether somebody wants it to end.
 */
export type Steps<Result> = Generator<void, Result, boolean>;

/** Performs all steps at once: a signal ends the process. */
export function performSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next(false);
    if (done === true) return value;
  }
}

/** Makes a command of a program: runs it and turns its early ends into a status. */
export function utilLinuxCommand(options: ProgramOptions): UtilLinuxCommand {
  const { name, summary, usageStatus = 1, systemStatus = 1 } = options;
  const runSync = (argv: readonly string[], io: CommandIo): number => {
    const program = new Program(name, io, usageStatus);
    try {
      return options.main(program, argv);
    } catch (error) {
      if (error instanceof ProgramExit) return error.status;
      if (!(error instanceof UsageError || error instanceof RunError)) throw error;
      program.warn(error.message);
      return systemStatus;
    }
  };
  return {
    name,
    summary,
    describe: describes(options),
    runSync,
    run: (argv, io) => Promise.resolve(runSync(argv, io)),
  };
}

function describes(options: Omit<ProgramOptions, 'main'>): CliCommand['describe'] {
  const { name, summary, line, exitStatus = EXIT_STATUS } = options;
  return () => describeUsage({ name, summary, exitStatus, ...line });
}

/**
 * Makes a command of a program of steps: `run` lets signals in between them, and a first SIGINT or
 * SIGTERM is told to the program, which says what it has done.
 */
export function steppedCommand(options: ProgramOptions<Steps<number>>): UtilLinuxCommand {
  const { usageStatus = 1, systemStatus = 1 } = options;
  const begin = (argv: readonly string[], io: CommandIo): ((isAsked: boolean) => number | null) => {
    const program = new Program(options.name, io, usageStatus);
    const steps = options.main(program, argv);
    return (isAsked) => {
      try {
        const { done, value } = steps.next(isAsked);
        return done === true ? value : null;
      } catch (error) {
        if (error instanceof ProgramExit) return error.status;
        if (!(error instanceof UsageError || error instanceof RunError)) throw error;
        program.warn(error.message);
        return systemStatus;
      }
    };
  };
  return {
    name: options.name,
    summary: options.summary,
    describe: describes(options),
    runSync(argv, io) {
      const step = begin(argv, io);
      for (;;) {
        const status = step(false);
        if (status !== null) return status;
      }
    },
    async run(argv, io) {
      let isAsked = false;
      const ask = (): void => {
        isAsked = true;
      };
      const step = begin(argv, io);
      process.once('SIGINT', ask).once('SIGTERM', ask);
      try {
        for (;;) {
          const status = step(isAsked);
          if (status !== null) return status;
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        process.off('SIGINT', ask).off('SIGTERM', ask);
      }
    },
  };
}

/** @source glibc sysdeps/gnu/errlist.h */
const errnoTexts: Readonly<Record<Errno, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  EINTR: 'Interrupted system call',
  EIO: 'Input/output error',
  EAGAIN: 'Resource temporarily unavailable',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  ENODEV: 'No such device',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  ETXTBSY: 'Text file busy',
  EFBIG: 'File too large',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
  ENXIO: 'No such device or address',
  ELOOP: 'Too many levels of symbolic links',
};

/** What strerror says of an errno. */
export function errnoText(errno: Errno): string {
  return errnoTexts[errno];
}

/** What strerror would say of a failed call; Node's own words for an errno that is not ours. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
  const { code } = error;
  if (typeof code === 'string' && Object.hasOwn(errnoTexts, code)) return errnoTexts[code as Errno];
  return error.message.replace(/^\w+: /, '').replace(/, \w+( '.*)?$/s, '');
}
