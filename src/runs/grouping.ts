/** Rows of a query, put together by what they belong to. */

/** Groups rows by what they belong to and takes that column off; the order stays. */
export function byOwner<Row extends { readonly owner: unknown }>(
  rows: readonly Row[],
): Map<Row['owner'], Omit<Row, 'owner'>[]> {
  const groups = new Map<Row['owner'], Omit<Row, 'owner'>[]>();
  for (const { owner, ...row } of rows) {
    const group = groups.get(owner);
    if (group === undefined) groups.set(owner, [row]);
    else group.push(row);
  }
  return groups;
}

export function namedValues(
  rows: readonly { readonly name: string; readonly value: number }[],
): Record<string, number> {
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
