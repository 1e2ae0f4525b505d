/** A UUID of version 1, from the clock. util-linux counterpart: libuuid's uuid_generate_time. */
import { randomBytes } from 'node:crypto';

/** 100 ns steps from the start of the Gregorian calendar to 1970. @source RFC 9562 5.1 */
const GREGORIAN_OFFSET = 122_192_928_000_000_000n;

/**
 * Makes 16 bytes of time, clock sequence and node. The node is random with the multicast bit set,
 * as the RFC asks of programs that do not give away a network address.
 */
export function timeUuid(nowMs: number = Date.now()): Uint8Array {
  const uuid = new Uint8Array(16);
  uuid.set(randomBytes(8), 8);
  const view = new DataView(uuid.buffer);
  const time = BigInt(nowMs) * 10_000n + GREGORIAN_OFFSET;
  view.setUint32(0, Number(time & 0xffff_ffffn));
  view.setUint16(4, Number((time >> 32n) & 0xffffn));
  view.setUint16(6, Number(time >> 48n) | 0x1000);
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  uuid[10] = uuid[10]! | 0x01;
  return uuid;
}
