/** `src/agreement.md`: what real kernels counted beside what swaplab counts. */
import { scoreOf, type PhaseAgreement, type Score } from '../../src/machine/index.ts';
import { differences, files, ORIGINS, type Agreement } from './support.ts';

export function agreementPage(agreements: ReadonlyMap<string, Agreement>): string {
  const parts = [
    '# What real kernels counted, and what swaplab counts',
    'Written by `test/fidelity/captures.test.ts` from replays of all captures in `fixtures/kernel`; ' +
      '`UPDATE=1 npx vitest run test/fidelity` writes it anew. The rule by which a cell agrees is in ' +
      '[fixtures/kernel/README.md](../fixtures/kernel/README.md); what is not modelled, with its ' +
      'effect, in [memory/README.md](memory/README.md).',
    summary(agreements),
    '## Cells that differ',
    differing(),
    '## Cell by cell',
    'Lowest and highest of the kernel’s runs, and swaplab’s count, for every cell that gates and ' +
      'where 0 would be wrong.',
  ];
  for (const [file, agreement] of agreements) parts.push(`### ${file}`, detail(agreement));
  return `${parts.join('\n\n')}\n`;
}

function summary(agreements: ReadonlyMap<string, Agreement>): string {
  const rows = ['| captures | backend | limit | agree | with those where 0 would do |', '|---|---|---|---|---|'];
  for (const [folder, origin] of Object.entries(ORIGINS)) {
    const own = [...agreements].filter(([file]) => folderOf(file) === folder);
    const all = scoreOf(own.flatMap(([, { phases }]) => phases));
    rows.push(`| **${origin}** | | | **${share(all)}** | ${all.gatingOk} of ${all.gating} |`);
    for (const [file, { capture, phases }] of own) {
      const score = scoreOf(phases);
      rows.push(
        `| ${file.slice(folder.length, -'.json'.length)} | ${capture.backend} | ${capture.limitMiB} MiB ` +
          `| ${share(score)} | ${score.gatingOk} of ${score.gating} |`,
      );
    }
  }
  return rows.join('\n');
}

function share({ mattering, matteringOk }: Score): string {
  return `${matteringOk} of ${mattering} (${((100 * matteringOk) / mattering).toFixed(1)} %)`;
}

function differing(): string {
  return files
    .flatMap((file) =>
      (differences[file] ?? []).map(({ cells, why }) => `* \`${file}\`, ${cells.join(', ')}: ${why}`),
    )
    .join('\n');
}

function detail({ capture, phases, flushedBy }: Agreement): string {
  const title = capture.trace.find((line) => line.startsWith('#'))?.slice(1).trim() ?? '';
  const rows = phases.flatMap(({ op, cells }, index) => cellsOf(op, cells, index));
  return [
    `${title}. Statistics flushed by ${flushedBy}.\n`,
    '| phase | counter | kernel | swaplab |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function cellsOf(op: string, cells: PhaseAgreement['cells'], index: number): string[] {
  return cells
    .filter(({ matters }) => matters)
    .map(({ name, kernel, swaplab, ok }, at) => {
      const range = `${kernel[0]!} to ${kernel.at(-1)!}`;
      const phase = at === 0 ? `${index + 1}: \`${op}\`` : '';
      return `| ${phase} | ${name} | ${range} | ${swaplab}${ok ? '' : ' **differs**'} |`;
    });
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/') + 1);
}
