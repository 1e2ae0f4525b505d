/** UUIDs as text and as the 16 bytes of a header. util-linux counterpart: libuuid. */
import { UUID_BYTES } from './header.ts';

const DASHED = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads 8-4-4-4-12 hexadecimal digits; null for anything else. @source util-linux uuid_parse */
export function parseUuid(text: string): Uint8Array | null {
  if (!DASHED.test(text)) return null;
  const digits = text.replaceAll('-', '');
  return Uint8Array.from({ length: UUID_BYTES }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** 8-4-4-4-12 lower-case hexadecimal digits. */
export function formatUuid(uuid: Uint8Array): string {
  const digits = Buffer.from(uuid).toString('hex');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => digits.slice(from, to))
    .join('-');
}

/** The UUID of a header as text; null for the zero UUID, which stands for none. */
export function uuidText(uuid: Uint8Array): string | null {
  return uuid.every((byte) => byte === 0) ? null : formatUuid(uuid);
}
