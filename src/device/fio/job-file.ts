/**
 * The fio jobs from which a device profile is made: for each direction the latency of one I/O in two
 * sizes, how many I/Os a second there are at depth, and what is moved in order.
 */
import { UsageError } from '../../units/index.ts';

/** How long each job runs. assumed: 14 of them in half a minute */
const RUNTIME_SECONDS = 2;

/** Pages of swap readahead at most, and the sizes in which block layers split. assumed */
const LARGE = '128k';

interface JobShape {
  /** Behind the direction: `read-4k-qd1`. */
  readonly name: string;
  readonly isRandom: boolean;
  readonly blockSize: string;
  readonly depth: number;
}

const SHAPES: readonly JobShape[] = [
  { name: '4k-qd1', isRandom: true, blockSize: '4k', depth: 1 },
  { name: '4k-qd4', isRandom: true, blockSize: '4k', depth: 4 },
  { name: '4k-qd16', isRandom: true, blockSize: '4k', depth: 16 },
  { name: '4k-qd64', isRandom: true, blockSize: '4k', depth: 64 },
  { name: `${LARGE}-qd1`, isRandom: true, blockSize: LARGE, depth: 1 },
  { name: `${LARGE}-qd16`, isRandom: true, blockSize: LARGE, depth: 16 },
  { name: 'sequential', isRandom: false, blockSize: LARGE, depth: 16 },
];

/** Where the jobs read and write. */
export interface FioTarget {
  /** A file that fio makes, or a device. */
  readonly path: string;
  readonly isDevice: boolean;
  /** Part of it that is used, bytes. */
  readonly sizeBytes: number;
}

/**
 * A job file for fio.
 * @throws UsageError for a path that a job file cannot hold
 */
export function fioJobFile(target: FioTarget): string {
  const { path, isDevice, sizeBytes } = target;
  const warning = isDevice
    ? `; WARNING: this WRITES to the device ${path}: what is on it is lost.`
    : `; It makes the file ${path} and writes to it; remove it afterwards.`;
  const jobs = ['write', 'read'].flatMap((direction) =>
    SHAPES.map(({ name, isRandom, blockSize, depth }) =>
      [
        `[${direction}-${name}]`,
        `rw=${isRandom ? 'rand' : ''}${direction}`,
        `bs=${blockSize}`,
        `iodepth=${depth}`,
      ].join('\n'),
    ),
  );
  const global = [
    '[global]',
    `filename=${escaped(path)}`,
    `size=${sizeBytes}`,
    'direct=1',
    'ioengine=libaio',
    'time_based=1',
    `runtime=${RUNTIME_SECONDS}s`,
    'stonewall=1',
    // Else the first write to each block would pay for the file system, and reads find holes.
    'overwrite=1',
    // A drive may compress blocks that are all alike.
    'refill_buffers=1',
    'percentile_list=1:5:10:50:90:95:99:99.5:99.9:99.95:99.99:99.999',
  ];
  return [
    `; What \`swaplab device profile --from fio.json\` needs of a disk: ${jobs.length} jobs of ` +
      `${RUNTIME_SECONDS} s.`,
    warning,
    '; Run: fio --output-format=json --output=fio.json THIS-FILE',
    global.join('\n'),
    ...jobs,
    '',
  ].join('\n\n');
}

/**
 * A path as the value of `filename`: fio takes a colon for the end of a name. What no escape keeps is
 * refused, for fio would write to another file than the one that was asked for: it cuts a value at `;`
 * and `#`, and blanks and control characters off its end; `$` begins variables and keywords, which it
 * hands to a shell besides; a backslash may be an escape; `-` alone is a standard stream.
 * @source fio 3.36 parse.c strip_blank_end; options.c get_next_str, fio_option_dup_subs,
 *   fio_keyword_replace; HOWTO, filename
 */
function escaped(path: string): string {
  if (/^-?$|^\s|\s$|[\p{Cc};#$\\]/u.test(path))
    throw new UsageError(
      `--fio-command: a job file cannot hold the path ${JSON.stringify(path)}; accepted: one ` +
        'without ; # $ \\ and control characters, and without blanks at its ends',
    );
  return path.replaceAll(':', '\\:');
}
