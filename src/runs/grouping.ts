/** Rows of a query, put together by what they belong to. */

/** Groups rows by what they belong to and takes that column off; the order stays. */
export function byOwner<Owner, Row extends { readonly owner: Owner }>(
  rows: readonly Row[],
): Map<Owner, Omit<Row, 'owner'>[]> {
  const groups = new Map<Owner, Omit<Row, 'owner'>[]>();
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
