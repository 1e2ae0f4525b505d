/** What `swaplab runs diff` prints. */
import type { JsonValue } from '../../runs/index.ts';
import { alignTable, type Cell } from '../text/table.ts';
import { specValueText } from './columns.ts';
import { percentText, shown } from './numbers.ts';
import type { PhaseDifference, RunDiff } from './run-diff.ts';

/** Letters of a value in a table; a trace is longer. */
const VALUE_LENGTH_MAX = 48;

/** The difference for people; says "equal" of equal runs. */
export function runDiffText(diff: RunDiff): string {
  const [a, b] = diff.runIds;
  const sections = [
    specSection(diff),
    resultSection(diff),
    metricSection(diff),
    phaseSection(diff),
    partSection(diff),
  ].filter((section) => section !== '');
  return [headline(diff), ...sections].join('\n');

  function headline({ isEqual, firstDifference: first, isDigestEqual }: RunDiff): string {
    if (isEqual) return `runs ${a} and ${b} are equal\n`;
    const digest =
      isDigestEqual === null ? '' : isDigestEqual ? '; equal digests' : '; different digests';
    const where =
      first === null
        ? ''
        : `first difference: phase ${first.phase}, ${first.name}: ${first.values[0]} in run ${a}, ` +
          `${first.values[1]} in run ${b}\n`;
    return `runs ${a} and ${b} differ${digest}\n${where}`;
  }
}

/** The difference as a document: the interface itself, with null for keys that a spec has not. */
export function runDiffJson(diff: RunDiff): unknown {
  const spec = diff.spec.map(({ key, values }) => ({
    key,
    values: values.map((value) => value ?? null),
  }));
  return { ...diff, spec };
}

function titles({ runIds }: RunDiff): string[] {
  return runIds.map((runId) => `RUN ${runId}`);
}

function specSection(diff: RunDiff): string {
  if (diff.spec.length === 0) return '';
  const rows = diff.spec.map(({ key, values }): Cell[] => [key, ...twoTexts(values)]);
  return alignTable(['SPEC', ...titles(diff)], rows);
}

/** Long texts are shown from where they go apart. */
function twoTexts(values: readonly (JsonValue | undefined)[]): string[] {
  const texts = values.map((value) => specValueText(value).replaceAll('\n', '⏎'));
  if (texts.every((text) => text.length <= VALUE_LENGTH_MAX)) return texts;
  const [first = '', second = ''] = texts;
  let same = 0;
  while (same < first.length && first[same] === second[same]) same += 1;
  // Some of what is the same says where that is.
  const from = Math.max(0, same - VALUE_LENGTH_MAX / 4);
  return texts.map((text) => {
    const part = text.slice(from, from + VALUE_LENGTH_MAX);
    return `${from > 0 ? '…' : ''}${part}${from + part.length < text.length ? '…' : ''}`;
  });
}

function resultSection(diff: RunDiff): string {
  if (diff.results.length === 0) return '';
  const rows = diff.results.map(({ name, values }): Cell[] => [
    name,
    ...values.map((value) => String(value ?? '-').slice(0, VALUE_LENGTH_MAX)),
  ]);
  return alignTable(['RESULT', ...titles(diff)], rows);
}

function metricSection(diff: RunDiff): string {
  if (diff.metrics.length === 0) return '';
  const rows = diff.metrics.map(({ name, unit, values, percent }): Cell[] => [
    ...[name, unit, ...values.map(shown)],
    percent === null ? '' : percentText(percent),
  ]);
  return alignTable(['METRIC', 'UNIT', ...titles(diff), 'CHANGE'], rows);
}

function phaseSection(diff: RunDiff): string {
  if (diff.phases.length === 0) return '';
  return alignTable(['PHASE', 'COUNTER', ...titles(diff)], diff.phases.flatMap(phaseRows));
}

function phaseRows({ index, ops, figures }: PhaseDifference): Cell[][] {
  const title = (op: string | null): string =>
    op === null ? 'no such phase' : op.slice(0, VALUE_LENGTH_MAX);
  const head = ops[0] === ops[1] ? [title(ops[0]), '', ''] : ['', title(ops[0]), title(ops[1])];
  return [
    [`${index}`, ...head],
    ...figures.map(({ name, values }): Cell[] => ['', `  ${name}`, ...values]),
  ];
}

function partSection(diff: RunDiff): string {
  return diff.parts.map(({ part, names }) => `${part} that differ: ${names.join(', ')}\n`).join('');
}
