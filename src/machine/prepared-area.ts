/** An area as a machine takes it: its header was checked, its device is open. */
import type { AreaKind } from '../area/active-areas.ts';
import type { BlockDevice, DeviceChoice, ZramDevice } from '../device/index.ts';

/** An area that swapon accepted, with its device open. */
export interface PreparedArea {
  readonly type: number;
  readonly name: string;
  readonly kind: AreaKind;
  readonly maxPages: number;
  readonly badPages: readonly number[];
  readonly priority: number;
  /** Profile that models the device's time. */
  readonly profile: DeviceChoice;
  readonly device: BlockDevice;
  /** The device once more, where it is one in compressed memory. */
  readonly zram?: ZramDevice;
  /** A checksum per slot is kept and verified. */
  readonly hasChecksums?: boolean;
  /** RAM in which writes collect until they are an erase block. */
  readonly bufferBytes?: number;
  /** False: the machine starts without it, until a `swapon`. */
  readonly isOn?: boolean;
  /** What went wrong with the real file, in words; null when nothing did. */
  problem(): string | null;
}
