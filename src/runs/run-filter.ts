/** Which runs to list, as conditions of one SQL statement. */
import type { SqlValue } from './connection.ts';
import type { RunStatus } from './records.ts';

export const COMPARISONS = ['<=', '>=', '!=', '=', '<', '>'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A leaf of the spec compared with a value; `<` and the like compare numbers with numbers only. */
export interface ParameterCondition {
  /** As `flattenParameters` names it. */
  readonly key: string;
  readonly comparison: Comparison;
  readonly value: string;
}

/** All parts together. */
export interface RunFilter {
  readonly status?: RunStatus;
  readonly design?: string;
  /** With the wildcards of a shell; a run without a name has none that fits. */
  readonly nameGlob?: string;
  readonly commandGlob?: string;
  /** Started at or after, and before; milliseconds since 1970. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly parameters?: readonly ParameterCondition[];
  /** At most so many, the newest first. */
  readonly limit?: number;
}

/**
 * A WHERE clause over `run` joined with `run_wall`, and its values; empty when all pass.
 * @param orphanIds - runs that count as aborted whatever is stored
 */
export function whereOf(
  filter: RunFilter,
  orphanIds: readonly number[],
): { readonly sql: string; readonly values: SqlValue[] } {
  // Ids are numbers of the database's own.
  const status = `CASE WHEN run.run_id IN (${orphanIds.join()}) THEN 'aborted' ELSE status END`;
  const simple = [
    { condition: `${status} = ?`, value: filter.status },
    { condition: 'design = ?', value: filter.design },
    { condition: 'name GLOB ?', value: filter.nameGlob },
    { condition: 'command GLOB ?', value: filter.commandGlob },
    { condition: 'started_ms >= ?', value: filter.sinceMs },
    { condition: 'started_ms < ?', value: filter.untilMs },
  ].flatMap(({ condition, value }) => (value === undefined ? [] : [{ condition, value }]));
  const parameters = filter.parameters ?? [];
  const conditions = [
    ...simple.map(({ condition }) => condition),
    ...parameters.map(parameterCondition),
  ];
  return {
    sql: conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`,
    values: [
      ...simple.map(({ value }) => value),
      ...parameters.flatMap(({ key, comparison, value }): SqlValue[] =>
        isEquality(comparison) ? [key, value, numberOf(value)] : [key, numberOf(value)],
      ),
    ],
  };
}

/** `10` and `1e1` are one number, and `10` is also the text of an argument; null is `null`. */
function parameterCondition({ comparison }: ParameterCondition): string {
  const test = isEquality(comparison)
    ? `${comparison === '!=' ? 'NOT ' : ''}(ifnull(CAST(value AS TEXT), 'null') = ? OR ifnull(value = ?, 0))`
    : `typeof(value) IN ('integer', 'real') AND value ${comparison} ?`;
  return `run.run_id IN (SELECT run_id FROM param WHERE key = ? AND ${test})`;
}

function isEquality(comparison: Comparison): boolean {
  return comparison === '=' || comparison === '!=';
}

/** A text that is no number equals none. */
function numberOf(value: string): number | null {
  const number = Number(value);
  return value.trim() === '' || !Number.isFinite(number) ? null : number;
}
