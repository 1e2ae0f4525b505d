/** The captures of `fixtures/kernel`, their replays, and the cells that are known to differ. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseCapture, type Capture, type Cell } from '../../src/machine/index.ts';
import { assert } from '../../src/units/index.ts';

const FIXTURES = 'fixtures/kernel/';
/** Where captures come from, by folder below `fixtures/kernel`. */
export const ORIGINS: Readonly<Record<string, string>> = {
  '': 'A first host: three runs each, without the times of flushes',
  'own/': 'A second host: five runs each',
  'unseen/': 'Unseen: committed before their first replay, and not tuned to',
};
/**
 * Compressed sizes need bytes. These pools' content is not modified in place: content tags stand for
 * it well enough, and the suite has its time.
 */
const TAGS_DO: readonly string[] = [
  'zswap-full.json',
  'own/writeback-cold.json',
  'own/writeback-half.json',
  'own/zswap-hot.json',
];

export interface Difference {
  /** `PHASE COUNTER`, phases from 1. */
  readonly cells: readonly string[];
  /** The mechanism behind it. */
  readonly why: string;
}

/** By file, what differs and why. */
export const differences = JSON.parse(
  readFileSync('test/fidelity/differences.json', 'utf8'),
) as Readonly<Record<string, readonly Difference[]>>;

export const files: readonly string[] = Object.keys(ORIGINS).flatMap((folder) =>
  readdirSync(FIXTURES + folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => folder + name),
);

export function readCapture(file: string): Capture {
  return parseCapture(JSON.parse(readFileSync(FIXTURES + file, 'utf8')) as unknown, file);
}

/** What `validate --json` says of one capture. */
export interface Validated {
  readonly statisticsFlushedBy: string;
  readonly verify: { readonly pagesChecked: number; readonly mismatches: number };
  readonly phases: readonly { readonly op: string; readonly counters: readonly Cell[] }[];
}

/** Replays all captures by the built command, on two CPUs. */
export async function validateAll(): Promise<ReadonlyMap<string, Validated>> {
  const needsBytes = (file: string): boolean => {
    const { backend, zswap } = readCapture(file);
    return (backend === 'zram' || zswap !== null) && !TAGS_DO.includes(file);
  };
  const both = await Promise.all([
    validate('bytes', files.filter(needsBytes)),
    validate(
      'none',
      files.filter((file) => !needsBytes(file)),
    ),
  ]);
  return new Map(both.flat());
}

async function validate(payload: string, some: readonly string[]): Promise<[string, Validated][]> {
  const args = ['dist/cli/main.js', 'validate', '--json', '--payload', payload];
  const child = spawn(process.execPath, [...args, ...some.map((file) => FIXTURES + file)]);
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => output.push(data));
  child.stderr.on('data', (data: Buffer) => errors.push(data));
  const code = await new Promise((resolve) => child.on('close', resolve));
  // 3: cells differ, which is what the test is about.
  assert(
    code === 0 || code === 3,
    `validate ended with ${String(code)}: ${Buffer.concat(errors).toString()}`,
  );
  const { captures } = JSON.parse(Buffer.concat(output).toString()) as {
    readonly captures: readonly Validated[];
  };
  return captures.map((validated, index) => [some[index]!, validated]);
}
