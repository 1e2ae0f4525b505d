/** How to run it again: commands, the spec as a file that is in the page, and the digests to expect. */
import { comparisonScenario, type RunComparison } from '../comparison/index.ts';
import { el, type Child } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import type { PageRuns } from './columns.ts';
import { workloadName } from './headline.ts';
import { plainTable } from './table.ts';

/** Letters of the longest file that a page carries: a page should stay under 2 MB. */
const FILE_LETTERS_MAX = 400_000;
const FILE_NAME = 'comparison.json';

export function rerunSection({ comparison, columns }: PageRuns): Child[] {
  const runs = columns.flatMap((column) => column.runs.map((run) => ({ column, run })));
  const versions = [...new Set(runs.map(({ run }) => run.version))];
  const isEndurance = runs.some(({ run }) => workloadName(run.spec) === 'endurance');
  const commands = [...new Set(runs.map(({ run }) => run.command))];
  return [
    el(
      'p',
      {},
      `The runs are deterministic: swaplab ${versions.join(', ')} gives the same digests on any ` +
        'machine. A digest covers every counter, histogram and virtual time of a run.',
    ),
    el(
      'h3',
      {},
      commands.length === 1 ? 'The command that made them' : 'The commands that made them',
    ),
    el('p', { class: 'soft' }, 'Files that it names are those of the machine where it ran.'),
    commands.map((command) => el('pre', {}, command)),
    // What endure does is no workload that compare could run.
    !isEndurance && [el('h3', {}, 'From this page alone'), scenarioFile(comparison)],
    el('h3', {}, 'Digests to expect'),
    plainTable({
      name: 'Digests to expect',
      titles: ['column', 'run', 'seed', 'digest'],
      rows: runs.map(({ column, run }) => [
        ...[column.label, String(run.runId), String(run.seed), run.digest ?? 'none: not ended'],
      ]),
    }),
  ];
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
