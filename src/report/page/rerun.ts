/** How to run it again: commands, the spec as a file that is in the page, and the digests to expect. */
import { unresolved } from '../comparison/index.ts';
import { el, type Child, type Markup } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import type { PageColumn } from './columns.ts';
import { plainTable } from './table.ts';

/** Letters of the longest file that a page carries: a page should stay under 2 MB. */
const FILE_LETTERS_MAX = 400_000;

export function rerunSection(columns: readonly PageColumn[]): Child[] {
  const runs = columns.flatMap((column) => column.runs.map((run) => ({ column, run })));
  const versions = [...new Set(runs.map(({ run }) => run.version))];
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
    el('h3', {}, 'From this page alone'),
    specFiles(columns),
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

function specFiles(columns: readonly PageColumn[]): Child[] {
  return columns.map(({ label, index, runs, shown }) => {
    const name = columns.length === 1 ? 'spec.json' : `spec-${index + 1}.json`;
    const others = runs.filter((run) => run !== shown).map(({ seed }) => seed);
    return [
      el('h4', {}, label),
      download(name, unresolved(shown.spec)),
      el(
        'pre',
        {},
        [
          `swaplab run --spec ${name}`,
          ...others.map((seed) => `swaplab run --spec ${name} --set seed=${seed}`),
        ].join('\n'),
      ),
    ];
  });
}

/** A file in the page; a sentence in place of one that is too long. */
function download(name: string, content: unknown): Markup {
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (text.length > FILE_LETTERS_MAX)
    return el(
      'p',
      {},
      `${name} has ${quantityText('bytes', text.length)} (its trace is in it) and is not in this ` +
        'page; swaplab runs show RUN --json has the spec, where the run is stored.',
    );
  const bytes = Buffer.from(text).toString('base64');
  const href = `data:application/json;base64,${bytes}`;
  return el('p', {}, el('a', { class: 'download', href, download: name }, `Save ${name}`));
}
