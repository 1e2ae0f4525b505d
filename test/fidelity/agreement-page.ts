/** `src/agreement.md`: what real kernels counted beside what swaplab counts. */
import { scoreOf, type Cell, type Score } from '../../src/machine/index.ts';
import { differences, files, ORIGINS, readCapture, type Validated } from './support.ts';

export function agreementPage(replays: ReadonlyMap<string, Validated>): string {
  const parts = [
    '# What real kernels counted, and what swaplab counts',
    'Written by `test/fidelity/captures.test.ts` from replays of all captures in `fixtures/kernel`; ' +
      '`UPDATE=1 npx vitest run test/fidelity` writes it anew. The rule by which a cell agrees is in ' +
      '[fixtures/kernel/README.md](../fixtures/kernel/README.md); what is not modelled, with its ' +
      'effect, in [memory/README.md](memory/README.md).',
    summary(replays),
    '## Cells that differ',
    differing(),
    '## Cell by cell',
    'Lowest and highest of the kernel’s runs, and swaplab’s count, for every cell that gates and ' +
      'where 0 would be wrong.',
  ];
  for (const file of files) parts.push(`### ${file}`, detail(file, replays.get(file)!));
  return `${parts.join('\n\n')}\n`;
}

function summary(replays: ReadonlyMap<string, Validated>): string {
  const rows = [
    '| captures | backend | limit | agree | with those where 0 would do |',
    '|---|---|---|---|---|',
  ];
  for (const [folder, origin] of Object.entries(ORIGINS)) {
    const own = files.filter((file) => file.slice(0, file.lastIndexOf('/') + 1) === folder);
    const all = scoreOf(own.flatMap((file) => phasesOf(replays.get(file)!)));
    rows.push(`| **${origin}** | | | **${share(all)}** | ${all.gatingOk} of ${all.gating} |`);
    for (const file of own) {
      const { backend, limitMiB } = readCapture(file);
      const score = scoreOf(phasesOf(replays.get(file)!));
      rows.push(
        `| ${file.slice(folder.length, -'.json'.length)} | ${backend} | ${limitMiB} MiB ` +
          `| ${share(score)} | ${score.gatingOk} of ${score.gating} |`,
      );
    }
  }
  return rows.join('\n');
}

function phasesOf({ phases }: Validated): { op: string; cells: readonly Cell[] }[] {
  return phases.map(({ op, counters }) => ({ op, cells: counters }));
}

function share({ mattering, matteringOk }: Score): string {
  return `${matteringOk} of ${mattering} (${((100 * matteringOk) / mattering).toFixed(1)} %)`;
}

function differing(): string {
  return files
    .flatMap((file) =>
      (differences[file] ?? []).map(
        ({ cells, why }) => `* \`${file}\`, ${cells.join(', ')}: ${why}`,
      ),
    )
    .join('\n');
}

function detail(file: string, replay: Validated): string {
  const comment = readCapture(file).trace.find((line) => line.startsWith('#'));
  const title = comment === undefined ? '' : `${comment.slice(1).trim()}. `;
  return [
    `${title}Statistics flushed by ${replay.statisticsFlushedBy}.\n`,
    '| phase | counter | kernel | swaplab |',
    '|---|---|---|---|',
    ...phasesOf(replay).flatMap(({ op, cells }, index) => cellRows(op, cells, index)),
  ].join('\n');
}

function cellRows(op: string, cells: readonly Cell[], index: number): string[] {
  return cells
    .filter(({ matters }) => matters)
    .map(({ name, kernel, swaplab, ok }, at) => {
      const phase = at === 0 ? `${index + 1}: \`${op}\`` : '';
      const range = `${kernel[0]!} to ${kernel.at(-1)!}`;
      return `| ${phase} | ${name} | ${range} | ${swaplab}${ok ? '' : ' **differs**'} |`;
    });
}
