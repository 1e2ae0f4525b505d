/** `runs sql`: one statement that reads, over all that is stored. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { csvText } from '../../src/report/text/csv.ts';
import { alignTable, type Cell } from '../../src/report/text/table.ts';
import type { SqlValue } from '../../src/runs/index.ts';
import type { CommandIo } from '../command.ts';
import { printJson, withRuns } from './open-runs.ts';
import { addOutputFormat, type FormatOptions } from './options.ts';

const FORMATS = ['table', 'csv', 'json'] as const;

type SqlOptions = FormatOptions<(typeof FORMATS)[number]>;

export function addSql(runs: Command, io: CommandIo): void {
  const command = runs
    .command('sql')
    .description('one SQL statement that reads; the tables are described in src/runs/README.md')
    .argument('<statement>', 'such as "SELECT * FROM v_run"; - takes it from stdin');
  addOutputFormat(command, FORMATS, 'json is an array of rows')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  swaplab runs sql "SELECT design, count(*) FROM run GROUP BY design"',
        '  swaplab runs sql --format csv - < query.sql > rows.csv',
      ].join('\n'),
    )
    .action((statement: string, options: SqlOptions) => {
      sql(io, statement === '-' ? readFileSync(0, 'utf8') : statement, options);
    });
}

function sql(io: CommandIo, statement: string, { format, json }: SqlOptions): void {
  const { columns, rows: found } = withRuns(io, (runs) => runs.query(statement));
  const rows = found.map((row) => row.map(plainValue));
  switch (json === true ? 'json' : format) {
    case 'json':
      printJson(
        io,
        rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
      );
      break;
    case 'csv':
      io.stdout(csvText([columns, ...rows]));
      break;
    case 'table':
      io.stdout(
        alignTable(
          columns,
          rows.map((row) => row.map((value) => value ?? 'NULL')),
        ),
      );
      break;
  }
}

/** Blobs in hexadecimal and whole numbers beyond 2^53 in digits, in every format alike. */
function plainValue(value: SqlValue): Cell | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'bigint' ? String(value) : value;
}
