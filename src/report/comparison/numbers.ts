/** Numbers of comparisons for people. */

/** At most seven characters: whole numbers in full as long as they fit. */
export function shown(value: number | null): string {
  if (value === null) return '-';
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (value >= 1e7) return `${(value / 1e6).toFixed(1)}M`;
  if (value > 0 && value < 1) return String(Number(value.toPrecision(2)));
  return value >= 1000 ? value.toFixed(0) : value.toFixed(1);
}

/** A change with its sign; at most seven characters. Nothing for none. */
export function percentText(percent: number): string {
  if (percent === 0) return '';
  const sign = percent < 0 ? '-' : '+';
  const size = Math.abs(percent);
  if (size < 0.05) return `${sign}<0.1%`;
  if (size < 9.95) return `${sign}${size.toFixed(1)}%`;
  return size < 9999.5 ? `${sign}${size.toFixed(0)}%` : `${sign}>9999%`;
}
