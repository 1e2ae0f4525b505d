/** zswap's parameters, for the time of a capture. */
import { read, readIfThere, meminfoKiB, set } from './settings.mjs';

export const ZSWAP_PARAMETERS = '/sys/module/zswap/parameters';

/**
 * Sets zswap up, or off where the backend has none.
 * @returns the capture's `zswap`
 */
export function setZswap(undo, options) {
  const at = (name) => `${ZSWAP_PARAMETERS}/${name}`;
  if (!options.backend.startsWith('zswap')) {
    if (readIfThere(at('enabled')) !== null) set(undo, at('enabled'), 'N');
    return null;
  }
  const { compressor, maxPoolPercent, acceptThreshold, shrinker, zswapMax } = options;
  set(undo, at('compressor'), compressor, compressors().join(' '));
  set(undo, at('max_pool_percent'), maxPoolPercent);
  set(undo, at('accept_threshold_percent'), acceptThreshold);
  set(undo, at('shrinker_enabled'), shrinker ? 'Y' : 'N');
  set(undo, at('enabled'), 'Y');
  return {
    compressor,
    maxPoolPercent,
    memTotalKiB: meminfoKiB('MemTotal'),
    acceptThresholdPercent: acceptThreshold,
    shrinkerEnabled: shrinker,
    ...(zswapMax === null ? {} : { cgroupMaxMiB: zswapMax }),
  };
}

/** What the kernel's crypto has loaded; it may have more as modules. */
function compressors() {
  return read('/proc/crypto')
    .split('\n\n')
    .filter((entry) => /^type\s*: (compression|scomp|acomp)$/m.test(entry))
    .map((entry) => /^name\s*: (.*)$/m.exec(entry)[1])
    .filter((name, index, all) => all.indexOf(name) === index);
}
