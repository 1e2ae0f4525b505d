/** Access traces in memory, for tests. */
import { AccessTraceWriter, type AccessTraceOptions } from '../../../src/workload/index.ts';
import type { AccessKind } from '../../../src/workload/importers/importer.ts';

export interface Access {
  readonly page: number;
  readonly kind: AccessKind;
  readonly length?: number;
}

/** A file in memory, written anywhere. */
export class MemoryFile {
  #bytes = new Uint8Array(0);

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  write(bytes: Uint8Array, at: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length, at + bytes.length));
    grown.set(this.#bytes);
    grown.set(bytes, at);
    this.#bytes = grown;
  }
}

export function newWriter(
  file: MemoryFile,
  options: Partial<AccessTraceOptions> = {},
): AccessTraceWriter {
  const plain = { source: 'test', tlbEntries: 0, content: 'spread', parts: 1 };
  return new AccessTraceWriter({ ...plain, output: file, ...options });
}

/** The file of a trace, a phase for each list. */
export function traceBytes(
  phases: readonly (readonly Access[])[],
  options: Partial<AccessTraceOptions> = {},
): Uint8Array {
  const file = new MemoryFile();
  const writer = newWriter(file, options);
  for (const [index, accesses] of phases.entries()) {
    writer.phase(`phase ${index}`);
    for (const { page, kind, length = 0 } of accesses) writer.access(page, kind, length);
  }
  writer.finish();
  return file.bytes;
}
