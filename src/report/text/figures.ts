/** Figures as people read them; the same on every machine. */

/** A time in seconds with three decimals; `-` for none. */
export function secondsText(time: number | null, perSecond: number): string {
  return time === null ? '-' : `${(time / perSecond).toFixed(3)} s`;
}

/** A moment as `2026-01-31 23:59:59Z`. @param milliseconds - since 1970 */
export function utcText(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** A whole number with commas between thousands, another one with at most three decimals. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
