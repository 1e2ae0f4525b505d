/** How to run it again: commands, the spec as a file that is in the page, and the digests to expect. */
import {
  isRepeatable,
  isRepeatedByCommand,
  repeatFacts,
  type StoredRun,
} from '../../runs/index.ts';
import { comparisonScenario, type RunComparison } from '../comparison/index.ts';
import { el, type Child } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import type { PageRuns } from './columns.ts';
import { plainTable } from './table.ts';
import { listed } from './words.ts';

/** Letters of the longest file that a page carries: a page should stay under 2 MB. */
const FILE_LETTERS_MAX = 400_000;
const FILE_NAME = 'comparison.json';

export function rerunSection({ comparison, columns }: PageRuns): Child[] {
  const made = columns.flatMap((column) => column.runs.map((run) => ({ column, run })));
  const runs = made.map(({ run }) => run);
  const repeated = made.filter(({ run }) => isRepeatedByCommand(run));
  const commands = [...new Set(runs.map(({ command }) => command))];
  return [
    el('p', {}, promise(runs)),
    el('h3', {}, commands.length === 1 ? 'The command' : 'The commands'),
    el('p', { class: 'soft' }, 'Files that it names are those of the machine where it ran.'),
    commands.map((command) => el('pre', {}, command)),
    runs.every((run) => isRepeatable(repeatFacts(run))) && [
      el('h3', {}, 'From this page alone'),
      scenarioFile(comparison),
    ],
    repeated.length > 0 && [
      el('h3', {}, 'Digests to expect'),
      plainTable({
        name: 'Digests to expect',
        titles: ['column', 'run', 'seed', 'digest'],
        rows: repeated.map(({ column, run }) => [
          ...[column.label, String(run.runId), String(run.seed), run.digest!],
        ]),
      }),
    ],
  ];
}

/** Whether the same comes out again, and of which runs not. */
function promise(runs: readonly StoredRun[]): string {
  const chance = runs.filter((run) => !isRepeatedByCommand(run));
  const versions = [...new Set(runs.map(({ version }) => version))];
  const these = runs.length === 1 ? 'The run is' : 'The runs are';
  const repeated =
    `swaplab ${versions.join(', ')} gives the same digests on any machine. A digest covers every ` +
    'counter, histogram and virtual time of a run.';
  if (chance.length === 0) return `${these} deterministic: ${repeated}`;
  const why =
    'did not go by its spec alone to its end: another process, a limit of wall time or a signal had ' +
    'a hand in it, or it failed or has not ended.';
  const which = chance.map(({ runId }) => String(runId));
  const told = `${which.length === 1 ? 'Run' : 'Each of the runs'} ${listed(which)} ${why}`;
  const isAll = chance.length === runs.length;
  return isAll
    ? `${told} The same command may give something else.`
    : `${told} The other runs are deterministic: ${repeated}`;
}

/** The scenario in the page, and how it is run; a sentence where it is too long for a page. */
function scenarioFile(comparison: RunComparison): Child[] {
  const text = `${JSON.stringify(comparisonScenario(comparison.columns), null, 2)}\n`;
  if (text.length > FILE_LETTERS_MAX)
    return [
      el(
        'p',
        {},
        `The scenario file has ${quantityText('bytes', text.length)}, because the trace is in it, and ` +
          'is not in this page. The commands above need the files that they name.',
      ),
    ];
  const bytes = Buffer.from(text).toString('base64');
  const href = `data:application/json;base64,${bytes}`;
  return [
    el('p', {}, 'This file has the workload and every setting of every column:'),
    el('p', {}, el('a', { class: 'download', href, download: FILE_NAME }, `Save ${FILE_NAME}`)),
    el('pre', {}, `swaplab compare --scenario ./${FILE_NAME} --all`),
  ];
}
