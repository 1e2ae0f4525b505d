/** What tests of importers share: a sink that keeps everything, and streams cut as one likes. */
import * as fc from 'fast-check';
import {
  ACCESS,
  type AccessKind,
  type AccessSink,
  type Importer,
  type ImportRequest,
} from '../../../src/workload/importers/importer.ts';

const letters = new Map<AccessKind, string>([
  [ACCESS.read, 'R'],
  [ACCESS.store, 'S'],
  [ACCESS.write, 'W'],
  [ACCESS.drop, 'D'],
]);

/** Keeps what an importer says, one word each: `W7` writes page 7, `W7:100` to 100 bytes. */
export class Recorder implements AccessSink {
  readonly said: string[] = [];

  access(page: number, kind: AccessKind, compressedBytes: number): void {
    const bytes = compressedBytes > 0 ? `:${compressedBytes}` : '';
    this.said.push(`${letters.get(kind)!}${page}${bytes}`);
  }

  phase(label: string): void {
    this.said.push(`[${label}]`);
  }
}

/** A stream of `bytes` in parts of the sizes given, over and over; each part is overwritten then. */
export async function* parts(
  bytes: Uint8Array,
  sizes: readonly number[] = [1 << 16],
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const part = new Uint8Array(bytes.subarray(at, at + sizes[i % sizes.length]!));
    at += part.length;
    yield part;
    part.fill(0xaa);
    await Promise.resolve();
  }
}

type Given = Partial<Pick<ImportRequest, 'options' | 'seed'>> & { sizes?: readonly number[] };

/** All that an importer says of `content`, which is called `trace` in errors. */
export async function imported(
  importer: Importer,
  content: Uint8Array | string,
  { options = {}, seed = 1, sizes }: Given = {},
): Promise<string[]> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const sink = new Recorder();
  await importer.read({ input: parts(bytes, sizes), source: 'trace', options, seed }, sink);
  return sink.said;
}

/** Checks that an importer says the same of `content` however it is cut into parts. */
export async function expectCutsAlike(
  importer: Importer,
  content: Uint8Array | string,
  given: Given = {},
): Promise<void> {
  const whole = JSON.stringify(await imported(importer, content, given));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 9 }),
      async (sizes) =>
        JSON.stringify(await imported(importer, content, { ...given, sizes })) === whole,
    ),
    { seed: 8, numRuns: 40 },
  );
}
