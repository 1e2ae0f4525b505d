/**
 * Stored runs in Prometheus' text format, for a textfile collector or a push gateway.
 *
 * Base units (seconds, bytes), a family's samples together under one HELP and TYPE. A histogram is a
 * gauge family `…_bucket` with the cumulative counts by `le`, which `histogram_quantile` takes, and no
 * family of the type histogram: that one has a `_sum`, which is not stored. Readers of Go take a
 * missing one for 0, OpenMetrics allows `_count` only together with it, and one made up from buckets
 * would be wrong by up to a 64th.
 *
 * @source prometheus docs, instrumenting/exposition_formats.md (0.0.4); OpenMetrics 1.0, Histogram
 */
import type { HistogramRecord, StoredRun } from '../../runs/index.ts';

type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

export function prometheusExport(runs: readonly StoredRun[]): string {
  return [...families(runs), ...histogramFamilies(runs)]
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

/** The samples of every run, each with the run's own labels first. */
function ofRuns(
  runs: readonly StoredRun[],
  of: (run: StoredRun) => readonly Sample[],
): readonly Sample[] {
  return runs.flatMap((run) =>
    of(run).map((sample) => ({ ...sample, labels: { ...runLabels(run), ...sample.labels } })),
  );
}

function runLabels({ runId, design, name, seed }: StoredRun): Labels {
  return { run: runId, design, seed, ...(name === null ? {} : { name }) };
}

function families(runs: readonly StoredRun[]): Family[] {
  const family = (
    name: string,
    type: Family['type'],
    help: string,
    of: (run: StoredRun) => readonly Sample[],
  ): Family => ({ name, type, help, samples: ofRuns(runs, of) });
  return [
    family('swaplab_run_info', 'gauge', 'A stored run; always 1.', (run) => [
      {
        labels: {
          ...{ status: run.status, version: run.version, spec_hash: run.specHash },
          digest: run.digest ?? '',
        },
        value: 1,
      },
    ]),
    family('swaplab_virtual_seconds', 'gauge', 'Virtual time of the run.', ({ virtualNs }) =>
      virtualNs === null ? [] : [{ labels: {}, value: virtualNs / 1e9 }],
    ),
    family(
      'swaplab_events_total',
      'counter',
      "Events of the run by the kernel's and swaplab's names, over all phases.",
      (run) => counterSamples(run),
    ),
    family('swaplab_metric', 'gauge', 'Metrics by which runs are compared.', ({ metrics }) =>
      metrics.map(({ name, unit, value }) => ({ labels: { metric: name, unit }, value })),
    ),
    family('swaplab_metadata_bytes', 'gauge', 'Bytes of metadata by term.', ({ metadata }) =>
      metadata.map(({ term, kind, bytes }) => ({ labels: { term, kind }, value: bytes })),
    ),
    family('swaplab_area_slots', 'gauge', 'Usable slots of a swap area.', ({ areas }) =>
      areas.map(({ type, pages }) => ({ labels: { area: type }, value: pages })),
    ),
    family('swaplab_area_used_slots', 'gauge', 'Used slots of a swap area.', ({ areas }) =>
      areas.map(({ type, usedPages }) => ({ labels: { area: type }, value: usedPages })),
    ),
    family(
      'swaplab_faults_total',
      'counter',
      'Faults that fired, by what became of them.',
      ({ faultCounts }) =>
        faultCounts.map(({ kind, consequence, count }) => ({
          labels: { kind, consequence },
          value: count,
        })),
    ),
  ];
}

function counterSamples({ phases }: StoredRun): Sample[] {
  const sums = new Map<string, number>();
  for (const { counters } of phases)
    for (const [name, value] of Object.entries(counters))
      sums.set(name, (sums.get(name) ?? 0) + value);
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([event, value]) => ({
      ...{ labels: { event }, value },
    }));
}

/** One family for each name of a histogram. */
function histogramFamilies(runs: readonly StoredRun[]): Family[] {
  const names = new Set(runs.flatMap(({ histograms }) => histograms.map(({ name }) => name)));
  return [...names].sort().map((wanted) => {
    const unit = runs
      .flatMap(({ histograms }) => histograms)
      .find(({ name }) => name === wanted)!.unit;
    return {
      name: `${familyName(wanted, unit)}_bucket`,
      type: 'gauge',
      help:
        `${wanted} of the run, in ${unit === 'ns' ? 'seconds of virtual time' : unit}: ` +
        'how many were at most le.',
      samples: ofRuns(runs, ({ histograms }) =>
        histograms.filter(({ name }) => name === wanted).flatMap(histogramSamples),
      ),
    };
  });
}

/** `majorFault.ns` is `swaplab_major_fault_seconds`, `deviceWrite.pages` is `…_device_write_pages`. */
function familyName(name: string, unit: string): string {
  const stem = name.endsWith(`.${unit}`) ? name.slice(0, -unit.length - 1) : name;
  const words = `${stem}_${unit === 'ns' ? 'seconds' : unit}`
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
  return `swaplab_${words.replaceAll(/[^a-z0-9_]+/g, '_')}`;
}

/** Cumulative counts; whole nanoseconds, so that a bucket's upper end has all that is in it. */
function histogramSamples({ unit, buckets }: HistogramRecord): Sample[] {
  const scale = unit === 'ns' ? 1e9 : 1;
  let seen = 0;
  const cumulative = buckets.map(({ high, count }): Sample => {
    seen += count;
    return { labels: { le: numberText(high / scale) }, value: seen };
  });
  return [...cumulative, { labels: { le: '+Inf' }, value: seen }];
}

function familyText({ name, help, type, samples }: Family): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    return `${name}{${pairs.join(',')}} ${numberText(value)}\n`;
  });
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escapeLabel(value: string | number): string {
  return escapeHelp(String(value)).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** As Go's ParseFloat reads it. */
function numberText(value: number): string {
  return String(value);
}
