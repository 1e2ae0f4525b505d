/** The parameters behind the `?` of a request: each is known, given once, and checked. */
import type { ListFilter } from '../../src/report/serve/index.ts';
import { RUN_STATUSES, type RunFilter } from '../../src/runs/index.ts';
import { clipped, nearestNames, UsageError } from '../../src/units/index.ts';
import { filterOf } from '../runs/ls-filter.ts';
import { parseOrder, type Order } from '../runs/ls-columns.ts';

/** Letters of a parameter's value. assumed: more than any name of a run or key of a spec */
const VALUE_LETTERS_MAX = 500;

/**
 * Reads what stands behind the `?`.
 * @param accepted - names; one that ends in `+` may be given several times
 * @throws UsageError for other names, names given twice, and escapes that are none
 */
export function parseQuery(text: string, accepted: readonly string[]): URLSearchParams {
  if (!isDecodable(text))
    throw new UsageError(
      'the address has a % that begins no letter of UTF-8; accepted: %20 and such',
    );
  const query = new URLSearchParams(text);
  const names = accepted.map((name) => name.replace('+', ''));
  for (const [name, value] of query) {
    if (!names.includes(name)) throw unknownParameter(name, names);
    if (!accepted.includes(`${name}+`) && query.getAll(name).length > 1)
      throw new UsageError(`${name}: is given more than once; accepted: once`);
    if (value.length > VALUE_LETTERS_MAX)
      throw new UsageError(
        `${name}: has ${value.length} letters; accepted: up to ${VALUE_LETTERS_MAX}`,
      );
  }
  return query;
}

function unknownParameter(name: string, names: readonly string[]): UsageError {
  if (names.length === 0)
    return new UsageError(`'${clipped(name)}' is no parameter; this page takes none`);
  const [nearest = ''] = nearestNames(name, names, 1);
  return new UsageError(
    `'${clipped(name)}' is no parameter; the nearest is ${nearest}; accepted: ${names.join(', ')}`,
  );
}

/** URLSearchParams takes broken escapes for what they look like. */
function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text).length <= text.length;
  } catch {
    return false;
  }
}

/** What the list is asked for. */
export interface ListQuery {
  readonly filter: ListFilter;
  readonly runFilter: RunFilter;
  /** null: the newest first. */
  readonly order: Order | null;
  /** From 1. */
  readonly page: number;
}

export const LIST_PARAMETERS = ['status', 'design', 'name', 'where', 'sort', 'page'] as const;

/** @throws UsageError */
export function parseListQuery(query: URLSearchParams): ListQuery {
  // A form sends what was left empty too.
  const given = (name: (typeof LIST_PARAMETERS)[number]): string => query.get(name) ?? '';
  const [status, design, name, where] = [
    given('status'),
    given('design'),
    given('name'),
    given('where'),
  ];
  const known = RUN_STATUSES.find((each) => each === status);
  if (status !== '' && known === undefined)
    throw new UsageError(
      `status: '${clipped(status)}' is none; accepted: ${RUN_STATUSES.join(', ')}`,
    );
  const page = given('page') || '1';
  if (!/^[1-9]\d{0,5}$/.test(page))
    throw new UsageError(`page: '${clipped(page)}'; accepted: a whole number from 1`);
  const options = {
    ...(known !== undefined && { status: known }),
    ...(design !== '' && { design }),
    ...(name !== '' && { name }),
    where: where === '' ? [] : [where],
  };
  const sort = given('sort');
  return {
    filter: { status, design, name, where },
    // Nothing here is counted back from now.
    runFilter: inOwnWords(() => filterOf(options, 0)),
    order: sort === '' ? null : inOwnWords(() => parseOrder(sort)),
    page: Number(page),
  };
}

/** Parameters are called as the options of `runs ls`, but for the dashes. */
export function inOwnWords<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^--/, ''));
  }
}
