/** The captures of `fixtures/kernel`, their replays, and the cells that are known to differ. */
import { readdirSync, readFileSync } from 'node:fs';
import {
  compareWithCapture,
  parseCapture,
  replayCapture,
  type Capture,
  type PhaseAgreement,
} from '../../src/machine/index.ts';

const FIXTURES = new URL('../../fixtures/kernel/', import.meta.url);
/** Where captures come from, by folder below `fixtures/kernel`. */
export const ORIGINS: Readonly<Record<string, string>> = {
  '': 'Given: three runs each, recorded before swaplab was',
  'own/': 'Own: five runs each',
  'unseen/': 'Unseen: committed before their first replay, and not tuned to',
};
/** Replays of real bytes past this many operations would take the suite's time. */
const BYTES_OPERATIONS_MAX = 150_000;

export interface Difference {
  /** `PHASE COUNTER`, phases from 1. */
  readonly cells: readonly string[];
  /** The mechanism behind it. */
  readonly why: string;
}

/** By file, what differs and why. */
export const differences = JSON.parse(
  readFileSync(new URL('differences.json', FIXTURES), 'utf8'),
) as Readonly<Record<string, readonly Difference[]>>;

export const files: readonly string[] = Object.keys(ORIGINS).flatMap((folder) =>
  readdirSync(new URL(folder, FIXTURES))
    .filter((name) => name.endsWith('.json') && name !== 'differences.json')
    .map((name) => folder + name),
);

export function readCapture(file: string): Capture {
  return parseCapture(JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8')) as unknown, file);
}

export interface Agreement {
  readonly capture: Capture;
  readonly phases: readonly PhaseAgreement[];
  readonly flushedBy: string;
  readonly mismatches: number;
}

export async function agreementOf(file: string): Promise<Agreement> {
  const capture = readCapture(file);
  const draws = capture.runs[0]!.phases.map(({ op }) => Number(op.split(' ')[4]));
  const operations = draws.reduce((sum, count) => sum + count, 0);
  // Compressed sizes need bytes; everything else only content tags.
  const hasPool = capture.backend === 'zram' || capture.zswap !== null;
  const payload = hasPool && operations <= BYTES_OPERATIONS_MAX ? 'bytes' : 'none';
  const { phases, result, flushedBy } = await replayCapture(capture, file, payload);
  return {
    capture,
    phases: compareWithCapture(capture, phases),
    flushedBy,
    mismatches: result.verify.mismatches,
  };
}
