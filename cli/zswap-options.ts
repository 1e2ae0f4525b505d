/** `--zswap KEY=VALUE,…`: every setting of a spec's zswap, by the spec's key or the kernel's name. */
import { compressors } from '../src/codec/index.ts';
import { COMPRESSED_FORMS } from '../src/device/index.ts';
import { pools } from '../src/pool/index.ts';
import { didYouMean, UsageError } from '../src/units/index.ts';
import { generations, kernelBoolean } from '../src/zswap/index.ts';

type Kind = 'text' | 'number' | 'boolean' | 'number or kernel';

/** Keys of the spec: how a value is read, and the kernel's name where that differs. */
const SETTINGS: Readonly<Record<string, { readonly kind: Kind; readonly kernel?: string }>> = {
  // Its values look like numbers and are none.
  version: { kind: 'text' },
  enabled: { kind: 'boolean' },
  compressor: { kind: 'text' },
  zpool: { kind: 'text' },
  chainSize: { kind: 'number', kernel: 'chain_size' },
  maxPoolPercent: { kind: 'number', kernel: 'max_pool_percent' },
  acceptThresholdPercent: { kind: 'number', kernel: 'accept_threshold_percent' },
  maxCompressionRatio: { kind: 'number', kernel: 'max_compression_ratio' },
  shrinkerEnabled: { kind: 'boolean', kernel: 'shrinker_enabled' },
  writebackBatch: { kind: 'number or kernel' },
  writebackAge: { kind: 'number' },
  compressedWriteback: { kind: 'text' },
};

/** Kernel's names come first where there are two: that is what people know. */
const NAMES: readonly string[] = Object.entries(SETTINGS).map(([key, { kernel }]) => kernel ?? key);

const names = (choices: Readonly<Record<string, unknown>>): string =>
  Object.keys(choices).join('|');

/** What `--help` says of the option. */
export const ZSWAP_HELP: string =
  `zswap in front: version=${names(generations)}, enabled=Y|N, ` +
  `compressor=${names(compressors)}, zpool=${names(pools)}, chain_size=N, ` +
  'max_pool_percent=N, accept_threshold_percent=N, max_compression_ratio=N (2013), ' +
  'shrinker_enabled=Y|N, writebackBatch=N|kernel, writebackAge=N, ' +
  `compressedWriteback=off|${COMPRESSED_FORMS.join('|')}; the names of a spec ` +
  '(maxPoolPercent=N) are accepted, too';

/**
 * Reads the option's settings.
 * @returns keys of the spec with their values; the spec's own check has the ranges
 * @throws UsageError that names the key, the value and what is accepted
 */
export function readZswapSettings(text: string): readonly (readonly [string, unknown])[] {
  return text.split(',').map((pair) => {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    const found = Object.entries(SETTINGS).find(
      ([key, { kernel }]) => key === name || kernel === name,
    );
    if (found === undefined)
      throw new UsageError(
        `--zswap: '${name}' is no setting; accepted: ${NAMES.join(', ')}${didYouMean(name, NAMES)}`,
      );
    const [key, { kind }] = found;
    return [key, readValue(name, kind, at < 0 ? '' : pair.slice(at + 1))];
  });
}

function readValue(name: string, kind: Kind, text: string): unknown {
  const wrong = (accepted: string): never => {
    throw new UsageError(`--zswap: ${name} '${text}' is not accepted; accepted: ${accepted}`);
  };
  switch (kind) {
    case 'text':
      return text === '' ? wrong(`${name}=TEXT`) : text;
    case 'boolean':
      return kernelBoolean(text) ?? wrong('Y, N, 1, 0, true, false');
    case 'number or kernel':
      if (text === 'kernel') return text;
      return /^\d{1,15}$/.test(text) ? Number(text) : wrong('a whole number, kernel');
    case 'number':
      return /^\d{1,15}$/.test(text) ? Number(text) : wrong('a whole number');
  }
}
