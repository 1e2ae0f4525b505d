/** Device profiles of the user's own, wherever an unchecked spec names one by its file. */
import { parseDeviceProfile } from '../src/device/index.ts';
import { isFileName } from './file-name.ts';

/**
 * Puts the profiles themselves where a spec has the paths of their files: a stored run holds all that
 * decided it.
 * @param json - is changed
 * @param read - parses a JSON file; the second argument is what its errors name
 * @throws UsageError for what is no profile
 */
export function readDeviceFiles(
  json: Record<string, unknown>,
  read: (path: string, key: string) => unknown,
): void {
  const areas: readonly unknown[] = Array.isArray(json['areas']) ? json['areas'] : [];
  for (const [index, part] of [json, ...areas].entries()) {
    if (typeof part !== 'object' || part === null) continue;
    const holder = part as Record<string, unknown>;
    const path = holder['device'];
    if (typeof path !== 'string' || !isFileName(path)) continue;
    const key = index === 0 ? 'device' : `areas.${index - 1}.device`;
    holder['device'] = parseDeviceProfile(read(path, key), `${key}: ${path}`);
  }
}
