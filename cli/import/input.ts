/** The bytes of a trace to import: a file or standard input, unpacked while they come. */
import { createReadStream, fstatSync, openSync, type ReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import * as zlib from 'node:zlib';
import { RunError, UsageError } from '../../src/units/index.ts';

/** Bytes that are read at once. assumed */
const PART_BYTES = 1 << 18;
const GZIP_MAGIC: readonly number[] = [0x1f, 0x8b];
/** @source RFC 8878 §3.1.1 */
const ZSTD_MAGIC: readonly number[] = [0x28, 0xb5, 0x2f, 0xfd];

type Unpacker = NodeJS.ReadWriteStream;

/** What later versions of Node have and the types of the oldest do not: 22.15, 23.8 and up. */
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Unpacker };

export interface ImportInput {
  /** Unpacked. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** What to call it. */
  readonly source: string;
  /** Bytes of the file as it is; null where nobody knows. */
  readonly totalBytes: number | null;
}

/**
 * Opens what is to be imported.
 * @param path - `-` is standard input
 * @param onRead - is told how many bytes of it have been read
 * @throws UsageError for what cannot be read
 */
export function openInput(path: string, onRead: (bytes: number) => void): ImportInput {
  const isStdin = path === '-';
  const source = isStdin ? 'standard input' : path;
  const stream = isStdin ? process.stdin : openFile(path);
  return {
    bytes: unpacked(counted(stream, source, onRead), source),
    source,
    totalBytes: 'totalBytes' in stream ? stream.totalBytes : null,
  };
}

function openFile(path: string): ReadStream & { readonly totalBytes: number | null } {
  try {
    const fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new UsageError(`import: ${path} is a folder; accepted: a file`);
    const stream = createReadStream(path, { fd, highWaterMark: PART_BYTES });
    return Object.assign(stream, { totalBytes: stat.isFile() ? stat.size : null });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new UsageError(`import: ${path} cannot be read: ${code}`);
  }
}

async function* counted(
  stream: AsyncIterable<unknown>,
  source: string,
  onRead: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let readBytes = 0;
  try {
    for await (const part of stream) {
      const bytes = part as Uint8Array;
      readBytes += bytes.length;
      onRead(readBytes);
      yield bytes;
    }
  } catch (error) {
    throw new RunError(`import: ${source}: ${(error as NodeJS.ErrnoException).code ?? ''}`);
  }
}

/** Recognises what is packed by its first bytes. */
async function* unpacked(
  packed: AsyncGenerator<Uint8Array>,
  source: string,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < ZSTD_MAGIC.length) {
    const next = await packed.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = rejoined(head, packed);
  const begins = (magic: readonly number[]): boolean =>
    magic.every((byte, index) => head[index] === byte);
  if (begins(GZIP_MAGIC)) {
    yield* through(whole, zlib.createGunzip({ chunkSize: PART_BYTES }), source, 'gzip');
  } else if (begins(ZSTD_MAGIC)) {
    if (createZstdDecompress === undefined)
      throw new UsageError(
        `import: ${source} is packed with zstd, which this Node (${process.version}) does not ` +
          `unpack; accepted: zstd -dc FILE | swaplab import FORMAT -`,
      );
    yield* through(whole, createZstdDecompress(), source, 'zstd');
  } else {
    yield* whole;
  }
}

async function* rejoined(
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}

async function* through(
  packed: AsyncGenerator<Uint8Array>,
  unpacker: Unpacker,
  source: string,
  format: string,
): AsyncGenerator<Uint8Array> {
  // An error of either ends the other, and comes out of the loop below.
  pipeline(packed, unpacker, () => undefined);
  try {
    for await (const part of unpacker) yield part as Buffer;
  } catch (error) {
    if (error instanceof RunError || error instanceof UsageError) throw error;
    throw new UsageError(`import: ${source}: ${format}: ${(error as Error).message}`);
  }
}
