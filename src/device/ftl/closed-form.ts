/**
 * Write amplification in closed form, to check the model by and to show beside what it says: uniform
 * random writes of single pages to all of a full drive, in the long run.
 *
 * @source Desnoyers 2012: A / (A + W0(-A e^-A)) with A = 1 + over-provisioning, for the cleaning of
 *   the oldest block; greedy cleaning is 1 to 7 % below
 */

/** @param overProvisioning - (physical - logical) / logical, above 0 */
export function randomWriteAmplification(overProvisioning: number): number {
  const alpha = 1 + overProvisioning;
  return alpha / (alpha + lambertW0(-alpha * Math.exp(-alpha)));
}

/**
 * The principal branch of Lambert's W: the w of at least -1 with w e^w = x. Halley's method.
 * @param x - -1/e to 0 (all that is needed here)
 * @source Corless et al. 1996, On the Lambert W function, §4 and 5.9
 */
export function lambertW0(x: number): number {
  // The series at the branch point, where Halley's steps would be slow.
  const p = Math.sqrt(Math.max(0, 2 * (Math.E * x + 1)));
  let w = -1 + p - (p * p) / 3 + (11 * p ** 3) / 72;
  for (let step = 0; step < 64; step++) {
    const e = Math.exp(w);
    const f = w * e - x;
    if (w <= -1 || f === 0) break;
    const change = f / (e * (w + 1) - ((w + 2) * f) / (2 * w + 2));
    w -= change;
    if (Math.abs(change) < 1e-15) break;
  }
  return w;
}
