/** Typed arrays that grow. */

/** A copy of `from` with room for `capacity` elements, zeros behind. */
export function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(
  from: T,
  capacity: number,
): T {
  const to = new (from.constructor as new (length: number) => T)(capacity);
  to.set(from);
  return to;
}
