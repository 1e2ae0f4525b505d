/** Which devices take compressed pages as they are. */
import type { BlockDevice } from '../block-device.ts';
import { MappedDevice } from './mapped-device.ts';

export function takesCompressed(device: BlockDevice): device is MappedDevice {
  return device instanceof MappedDevice && device.takesCompressed;
}
