/**
 * The report: one HTML document without anything from outside. It is made of stored runs alone, so
 * the same runs give the same bytes; it says everything without scripts, which add zoom to series.
 */
import type { StoredRun } from '../../runs/index.ts';
import { UsageError } from '../../units/index.ts';
import { el, verbatim, type Child, type Markup } from '../charts/markup.ts';
import type { RunComparison } from '../comparison/index.ts';
import { alarms } from './alarms.ts';
import { pageRuns, type PageColumn, type PageRuns } from './columns.ts';
import { comparisonSection } from './comparison-table.ts';
import { enduranceSection } from './endurance-charts.ts';
import type { ChartContext } from './figures.ts';
import { findings } from './findings.ts';
import { headline } from './headline.ts';
import { latencySection } from './latency-charts.ts';
import { notesSection } from './notes.ts';
import { placeSection } from './place-charts.ts';
import { PlotData } from './plot-data.ts';
import { rerunSection } from './rerun.ts';
import { runSection } from './run-details.ts';
import { pageShell, type ServedPage } from './shell.ts';
import { clusterSection, metadataSection, slotMapSection, wearSection } from './space-charts.ts';
import { STYLE } from './style.ts';
import { levelSection, trafficSection } from './time-charts.ts';
import { counted, listed } from './words.ts';
import { runLengthSection } from './write-charts.ts';
import { ZOOM_SCRIPT } from './zoom-script.ts';

/** uPlot, which is not in the sources: whoever opens files hands it in. */
export interface PlotLibrary {
  /** Sets the global `uPlot`. */
  readonly script: string;
  readonly style: string;
}

export interface ReportInput {
  /** One or more. */
  readonly runs: readonly StoredRun[];
  /** Of this swaplab. */
  readonly version: string;
  /** Absent: one that says what was compared. */
  readonly title?: string;
  /** Of these runs, as it was shown elsewhere; absent: one column for each spec. */
  readonly comparison?: RunComparison;
  /** Absent: series stay still. */
  readonly plotLibrary?: PlotLibrary;
  /** Other pages, where the page is one of several; absent: none. */
  readonly links?: readonly { readonly href: string; readonly label: string }[];
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: readonly Child[];
}

/**
 * The page as text of HTML.
 * @throws as `servedReport`
 */
export function reportPage(input: ReportInput): string {
  return servedReport(input).html;
}

/**
 * The page with the policy that a server sends with it.
 * @throws UsageError without runs, RunError for a run of the comparison that is not among them
 */
export function servedReport(input: ReportInput): ServedPage {
  const { runs, version, title, comparison, plotLibrary, links = [] } = input;
  if (runs.length === 0) throw new UsageError('report: no runs; accepted: one or more');
  const made = pageRuns(runs, comparison);
  const { columns } = made;
  const usedCount = columns.reduce((sum, column) => sum + column.runs.length, 0);
  const plots = new PlotData();
  const heading = title ?? defaultTitle(columns);
  const sections: Section[] = [
    {
      id: 'comparison',
      title: columns.length > 1 ? 'Comparison' : 'Figures',
      content: comparisonSection(made.comparison, made.notes),
    },
    ...chartSections({ columns, plots }),
    { id: 'runs', title: 'Each run in full', content: runSection(columns) },
    { id: 'again', title: 'Run it again', content: rerunSection(made) },
    { id: 'notes', title: 'What the figures mean', content: notesSection() },
  ];
  const isLive = plotLibrary !== undefined && !plots.isEmpty;
  const scripts = isLive ? [plotLibrary.script, ZOOM_SCRIPT] : [];
  const styles = [...(isLive ? [plotLibrary.style] : []), STYLE];
  return pageShell({
    ...{ title: heading, styles, scripts, isAsking: false },
    head: [el('meta', { name: 'generator', content: `swaplab ${version}` })],
    content: [
      pageHeader({ heading, made, sections, links }),
      el('main', {}, sections.map(sectionMarkup)),
      el(
        'footer',
        {},
        el('p', {}, `Made by swaplab ${version} from ${counted(usedCount, 'stored run')}.`),
      ),
      isLive && verbatim('script', { type: 'application/json', id: 'plot-data' }, plots.toJson()),
    ],
  });
}

/** Sections with charts, and behind them why there are no others. */
function chartSections(context: ChartContext): Section[] {
  const all: readonly Section[] = [
    { id: 'traffic', title: 'Swap traffic over time', content: trafficSection(context) },
    { id: 'levels', title: 'Pool, swap and metadata over time', content: levelSection(context) },
    { id: 'endurance', title: 'Endurance over time', content: enduranceSection(context) },
    { id: 'places', title: 'Where pages live over time', content: placeSection(context) },
    { id: 'latency', title: 'How long a task waits', content: latencySection(context) },
    { id: 'metadata', title: 'Metadata by term', content: metadataSection(context) },
    { id: 'slots', title: 'Slot maps', content: slotMapSection(context) },
    { id: 'clusters', title: 'Cluster lists', content: clusterSection(context) },
    { id: 'lengths', title: 'Lengths of writes', content: runLengthSection(context) },
    { id: 'wear', title: 'Wear of flash', content: wearSection(context) },
  ];
  const shown = all.filter(({ content }) => hasFigure(content));
  const empty = all.filter(({ content }) => content.length > 0 && !hasFigure(content));
  const hints = shown.length === 0 ? [] : [choiceText(context.columns), zoomHint()];
  return [
    ...shown.map((section, index) =>
      index === 0 ? { ...section, content: [...hints, ...section.content] } : section,
    ),
    ...(empty.length === 0 ? [] : [withoutCharts(empty)]),
  ];
}

function withoutCharts(sections: readonly Section[]): Section {
  return {
    ...{ id: 'not-shown', title: 'What there is no chart of' },
    content: sections.map(({ id, title, content }) => [el('h3', { id }, title), content]),
  };
}

function hasFigure(content: Child): boolean {
  if (Array.isArray(content)) return content.some(hasFigure);
  if (typeof content !== 'object' || content === null || !('type' in content)) return false;
  return (
    content.type === 'figure' || hasFigure((content.props as { children?: Child }).children ?? null)
  );
}

/** Which of several runs the charts are of; null where there is one a column. */
function choiceText(columns: readonly PageColumn[]): Child {
  if (columns.every(({ runs }) => runs.length === 1)) return null;
  const seeds = [...new Set(columns.map(({ shown }) => shown.seed))];
  return el(
    'p',
    { class: 'soft' },
    'Charts, here and below, show one run of each column, that of the median seed: ' +
      `${listed(seeds.map(String))}.`,
  );
}

function zoomHint(): Markup {
  return el(
    'p',
    { class: 'soft zoom-hint' },
    'Values are shown where the pointer is. With scripts, dragging zooms into charts over time and a ' +
      'double click shows all again.',
  );
}

function pageHeader({
  heading,
  made,
  sections,
  links,
}: {
  readonly heading: string;
  readonly made: PageRuns;
  readonly sections: readonly Section[];
  readonly links: NonNullable<ReportInput['links']>;
}): Markup {
  const told = alarms(made);
  const found = findings(made);
  return el(
    'header',
    {},
    el('h1', {}, heading),
    el('p', { class: 'lead' }, headline(made.columns)),
    told.length > 0 &&
      el(
        'section',
        { class: 'alarms', 'aria-labelledby': 'alarms' },
        el('h2', { id: 'alarms' }, 'Not to be overlooked'),
        el(
          'ul',
          {},
          told.map((alarm) => el('li', {}, alarm)),
        ),
      ),
    found.length > 0 &&
      el(
        'ul',
        { class: 'findings' },
        found.map((finding) => el('li', {}, finding)),
      ),
    el(
      'nav',
      { 'aria-label': 'Sections' },
      el(
        'ul',
        {},
        links.map(({ href, label }) => el('li', {}, el('a', { href }, label))),
        sections.map(({ id, title }) => el('li', {}, el('a', { href: `#${id}` }, title))),
      ),
    ),
  );
}

function sectionMarkup({ id, title, content }: Section): Markup {
  return el('section', { 'aria-labelledby': id }, el('h2', { id }, title), ...content);
}

function defaultTitle(columns: readonly PageColumn[]): string {
  const names = columns.map(({ label }) => label);
  if (names.length === 1) return `Swap run: ${names[0]!}`;
  return names.length <= 4
    ? `Swap compared: ${listed(names)}`
    : `Swap compared: ${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
