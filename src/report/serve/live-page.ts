/**
 * A run while it lives. The parts that change are named, so that the page and what its script asks
 * for later are made in one place.
 */
import type { PhaseLine, RunProgress } from '../../runs/index.ts';
import { CONSEQUENCES } from '../../runs/index.ts';
import { timeChart } from '../charts/line-chart.ts';
import { el, renderMarkup, type Markup } from '../charts/markup.ts';
import { quantityText } from '../charts/quantity.ts';
import { absent, figure, figures, legend } from '../page/figures.ts';
import { plainTable } from '../page/table.ts';
import { utcText } from '../text/figures.ts';
import { liveCharts, liveFigures, type LiveChart } from './live-figures.ts';
import { LIVE_SCRIPT } from './scripts.ts';
import type { ServedPage } from '../page/shell.ts';
import { servedPage } from './shell.ts';

/** Phases in the table: an endless run has thousands. */
export const LIVE_PHASES_MAX = 20;

/** Intervals that the charts are drawn from; a chart is some 600 points wide. */
export const LIVE_INTERVALS_MAX = 300;

/** Seconds between two looks where no script runs. */
const REFRESH_SECONDS = 2;

export interface LiveInput {
  readonly version: string;
  /** With intervals from the first to the newest. */
  readonly progress: RunProgress;
  /** The latest ones, in their order. */
  readonly phases: readonly PhaseLine[];
}

export function livePage(input: LiveInput): ServedPage {
  const { run } = input.progress;
  const title = `Run ${run.runId}: ${run.name ?? run.design}`;
  const parts = livePartMarkup(input);
  const part = (id: LivePartName): Markup => el('div', { id }, parts[id]);
  return servedPage({
    ...{ title, version: input.version, script: LIVE_SCRIPT, refreshSeconds: REFRESH_SECONDS },
    content: [
      el(
        'header',
        {},
        el('h1', {}, title),
        el('p', { class: 'lead' }, [
          el('span', { class: 'status-running' }, '● running'),
          `: design ${run.design}, seed ${run.seed}, since ${utcText(run.startedMs)}`,
        ]),
        el('pre', {}, run.command),
        el('nav', { 'aria-label': 'Pages' }, [
          el('ul', {}, [
            el('li', {}, el('a', { href: '/' }, 'All runs')),
            el('li', {}, el('a', { href: `/report?run=${run.runId}` }, 'The report so far')),
            el('li', {}, el('a', { href: `/runs/${run.runId}.json` }, 'All data so far (JSON)')),
          ]),
        ]),
      ),
      el(
        'main',
        { 'data-live': `/runs/${run.runId}/live` },
        el('p', { class: 'bad', id: 'live-note', role: 'status' }),
        part('live-figures'),
        part('live-charts'),
        el('h2', {}, 'Faults so far'),
        part('live-faults'),
        el('h2', {}, 'Latest phases'),
        part('live-phases'),
        el(
          'p',
          { class: 'soft' },
          'This page keeps itself up to date, charts rest while the pointer is on one; when the run ' +
            'has ended its report stands here.',
        ),
      ),
    ],
  });
}

type LivePartName = 'live-figures' | 'live-charts' | 'live-faults' | 'live-phases';

/** The parts that change as text of HTML, by the id of the element they are in. */
export function liveParts(input: LiveInput): Record<LivePartName, string> {
  const parts = Object.entries(livePartMarkup(input));
  return Object.fromEntries(parts.map(([id, markup]) => [id, renderMarkup(markup)])) as Record<
    LivePartName,
    string
  >;
}

function livePartMarkup({ progress, phases }: LiveInput): Record<LivePartName, Markup> {
  return {
    'live-figures': el(
      'dl',
      { class: 'tiles' },
      liveFigures(progress).map(([name, value]) =>
        el('div', {}, el('dt', {}, name), el('dd', {}, value)),
      ),
    ),
    'live-charts': chartGrid(liveCharts(progress)),
    'live-faults': faultTable(progress) ?? absent('None.'),
    'live-phases':
      plainTable({
        name: 'Latest phases',
        titles: ['phase', 'operation', 'pages in memory', 'in swap', 'virtual time', 'wall time'],
        rows: phases.map(({ index, op, present, swapped, virtualNs, wallMs }) => [
          ...[String(index), op, present, swapped],
          ...[quantityText('ns', virtualNs), quantityText('ns', wallMs * 1e6)],
        ]),
      }) ?? absent('No phase has ended yet.'),
  };
}

function chartGrid(charts: readonly LiveChart[]): Markup {
  if (charts.length === 0) return absent('The first figures come when the run is a second old.');
  return figures(
    charts.map(({ id, title, says, quantity, label, lines }) => {
      const chart = timeChart({
        ...{ id: `live-${id}`, title, lines, quantity, label, xLabel: 'wall time' },
        description: lines
          .map((line) => `${line.label}: ${quantityText(quantity, line.points.at(-1)?.y ?? 0)} now`)
          .join('; '),
      });
      const named = lines.map((line) => ({ label: line.label, index: line.column }));
      const key = lines.length > 1 ? legend('line', named) : null;
      return el('div', {}, figure({ title, says, chart }), key);
    }),
  );
}

function faultTable({ faultCounts }: RunProgress): Markup | null {
  const kinds = [...new Set(faultCounts.map(({ kind }) => kind))];
  const count = (kind: string, consequence?: string): number =>
    faultCounts
      .filter(
        (each) => each.kind === kind && (consequence ?? each.consequence) === each.consequence,
      )
      .reduce((sum, each) => sum + each.count, 0);
  return plainTable({
    name: 'Faults so far',
    titles: ['kind', 'fired', ...CONSEQUENCES],
    rows: kinds.map((kind) => [
      ...[kind, count(kind)],
      ...CONSEQUENCES.map((consequence) => count(kind, consequence)),
    ]),
  });
}
