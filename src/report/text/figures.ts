/** Figures as people read them; the same on every machine. */

/** A time in seconds with three decimals; `-` for none. */
export function secondsText(time: number | null, perSecond: number): string {
  return time === null ? '-' : `${(time / perSecond).toFixed(3)} s`;
}

/** A moment as `2026-01-31 23:59:59Z`. @param milliseconds - since 1970 */
export function utcText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/**
 * A whole number with commas between thousands, another one with at most three decimals. Not by
 * toLocaleString, which reads all of ICU first: a tenth of what a short run takes.
 */
export function grouped(value: number): string {
  const [whole, decimals] = String(Math.round(value * 1000) / 1000).split('.');
  const commas = whole!.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return decimals === undefined ? commas : `${commas}.${decimals}`;
}
