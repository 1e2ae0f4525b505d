/** Counts what a call allocates in typed arrays, also what it lets go again before it returns. */

const NAMES = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Float64Array', 'ArrayBuffer'] as const;

/**
 * Bytes of the typed arrays and buffers that `call` makes by `new` with a length. The constructors
 * stand in the way of the global ones while it runs, so it must be synchronous.
 */
export function tallyAllocations(call: () => void): number {
  const scope = globalThis as unknown as Record<string, new (...args: never[]) => object>;
  let bytes = 0;
  const real = NAMES.map((name) => scope[name]!);
  for (const [index, name] of NAMES.entries())
    scope[name] = new Proxy(real[index]!, {
      construct(target, args: never[], newTarget) {
        // By its length, before it is made: one that cannot be made counts, too.
        const [length] = args as unknown[];
        if (typeof length === 'number') {
          const width = (target as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT;
          bytes += length * (width ?? 1);
        }
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
  try {
    call();
  } finally {
    for (const [index, name] of NAMES.entries()) scope[name] = real[index]!;
  }
  return bytes;
}
