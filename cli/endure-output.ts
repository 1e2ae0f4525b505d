/** What `swaplab endure` prints: lines while it lives, and the end. */
import { FAULT_KINDS, parseFaultRule, type FaultTally } from '../src/device/index.ts';
import { durationText } from './progress.ts';
import type { EndureMoment, FinishedEndurance } from './endure-runner.ts';
import { alignRows, alignTable, type Cell } from '../src/report/text/table.ts';

const count = (value: number): string => value.toLocaleString('en-US');
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/** One line for people. */
export function momentText(moment: EndureMoment): string {
  const { totals, gauges, seconds, rate, faults, total, secondsLeft } = moment;
  const { pagesChecked, virtualNs, killedTasks } = totals;
  const sum = (of: (tally: FaultTally) => number): string =>
    count(faults.reduce((total, tally) => total + of(tally), 0));
  return [
    `${seconds.toFixed(0)} s`,
    `${count(totals.operations)}${total === null ? '' : `/${count(total)}`} operations`,
    `${count(rate)}/s`,
    ...(secondsLeft === null ? [] : [`${durationText(secondsLeft)} left`]),
    `${(virtualNs / 1e9).toFixed(1)} s virtual`,
    `${count(pagesChecked)} pages checked`,
    ...(faults.length === 0
      ? []
      : [`faults ${sum((each) => each.fired)} fired, ${sum((each) => each.detected)} found`]),
    `${killedTasks} tasks killed`,
    `pool ${mib(gauges.poolBytes)}`,
    `slots ${count(gauges.usedSlots)}/${count(gauges.slots)}`,
    `free runs of ${gauges.meanFreeRun}`,
  ].join(' | ');
}

/** One line for programs. */
export function momentJson({ totals, gauges, seconds, rate, faults }: EndureMoment): unknown {
  return { kind: 'interval', ...totals, faults, ...gauges, seconds, rate };
}

/** The document of --json. */
export function endureJson({ runId, spec, result, seconds, replay }: FinishedEndurance): unknown {
  const { verdict, broken, totals, gauges, digest } = result;
  const kinds = kindsOf(spec.faults);
  return {
    ...{ verdict, seed: spec.seed, run: runId, design: spec.design },
    ...totals,
    ...{ broken, replay },
    faults: withSilent(result.faults, kinds),
    ...{ gauges, digest, seconds },
  };
}

export function endureText(finished: FinishedEndurance): string {
  const { spec, result, seconds, replay, operations } = finished;
  const { totals, verdict, broken, gauges } = result;
  const rate = Math.round(operations / seconds);
  const rows = [
    ['page operations', count(totals.operations), `${count(rate)} per second`],
    ['pages checked', count(totals.pagesChecked), ''],
    ['time', `${seconds.toFixed(1)} s`, `${(totals.virtualNs / 1e9).toFixed(1)} s virtual`],
    ['swapped out, in', count(totals.swapOuts), count(totals.swapIns)],
    ['device writes, reads', count(totals.deviceWrites), count(totals.deviceReads)],
    ['phases', count(totals.phases), `${count(totals.invariantChecks)} checks of all tables`],
    ['forks, exits', count(totals.forks), count(totals.restarts)],
    ['swapoffs', count(totals.swapoffs), `${count(totals.swapoffsFailed)} failed`],
    ['limits changed', count(totals.settings), ''],
    ['tasks killed', count(totals.sigbus), `SIGBUS, ${count(totals.oomKills)} out of memory`],
    ['pool', mib(gauges.poolBytes), `${count(gauges.storedPages)} pages`],
    [
      'slots',
      count(gauges.usedSlots),
      `of ${count(gauges.slots)}, free runs of ${gauges.meanFreeRun}`,
    ],
  ];
  const lines = [alignTable([], rows)];
  const faults = withSilent(result.faults, kindsOf(spec.faults));
  if (faults.length > 0) lines.push('\n', alignRows(faults.map(faultRow)));
  if (faults.length > 0 && faults.every(({ fired }) => fired === 0))
    lines.push('\nno fault has fired: nothing was proved about those that were asked for\n');
  if (broken !== null)
    lines.push(
      `\nseed ${spec.seed}, operation ${broken.operation}, phase ${broken.phase}: ${broken.what}\n`,
      replay === null
        ? 'no shorter replay was found: the same command shows it, with what other processes asked for\n'
        : `the shortest replay found has ${count(replay.operations)} page operations and ` +
            `${replay.steps} steps:\n  swaplab endure --replay ${replay.path}\n`,
    );
  lines.push(`\nverdict: ${verdict}\n`);
  return lines.join('');
}

/** Kinds of the rules of a run, in the order of their names. */
function kindsOf(rules: readonly string[]): FaultTally['kind'][] {
  const kinds = new Set(rules.map((rule) => parseFaultRule(rule, 'faults').kind));
  return FAULT_KINDS.filter((kind) => kinds.has(kind));
}

/** Kinds that were asked for and have not fired stand there as well. */
function withSilent(tallies: readonly FaultTally[], kinds: FaultTally['kind'][]): FaultTally[] {
  const none = { fired: 0, detected: 0, unread: 0, lost: 0, harmless: 0, pending: 0 };
  return kinds.map((kind) => tallies.find((each) => each.kind === kind) ?? { kind, ...none });
}

function faultRow(tally: FaultTally): Record<string, Cell> {
  const { kind, fired, detected, unread, lost, harmless, pending } = tally;
  return {
    ...{ FAULT: kind, FIRED: fired, FOUND: detected, UNREAD: unread, LOST: lost },
    HARMLESS: harmless,
    ...(pending === 0 ? {} : { PENDING: pending }),
  };
}
