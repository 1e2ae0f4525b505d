/** A page's life for people: an event a line, and what goes round and round told once. */
import type { LifeEvent } from '../src/engine/index.ts';
import { alignTable } from '../src/report/text/table.ts';
import type { WatchedPage } from './runner.ts';

/** Lines of the longest round that is folded. */
const ROUND_MAX = 6;
/** Rounds beyond the first that are worth a line instead. */
const ROUNDS_MIN = 2;

/** What `run --trace-page` prints. */
export function pageLifeText(
  life: WatchedPage & { readonly events: readonly LifeEvent[] },
): string {
  const title = `The life of page ${life.page} of task ${life.task}:\n`;
  if (life.events.length === 0) return `${title}it was never touched\n`;
  return title + alignTable([], foldedRows(life.events));
}

/** Events as rows; where the same lines follow each other again, how often and until when. */
function foldedRows(events: readonly LifeEvent[]): string[][] {
  const rows: string[][] = [];
  for (let at = 0; at < events.length;) {
    const { length, rounds } = roundAt(events, at);
    const shown = rounds === 0 ? 1 : length;
    for (let i = at; i < at + shown; i++) rows.push([seconds(events[i]!.timeNs), events[i]!.what]);
    at += shown;
    if (rounds === 0) continue;
    const last = events[at + rounds * length - 1]!;
    const lines = length === 1 ? 'the same' : `the same ${length} lines`;
    rows.push(['...', `${lines} ${rounds} times more, until ${seconds(last.timeNs)}`]);
    at += rounds * length;
  }
  return rows;
}

/** The shortest round that begins at an event, and how often it comes again; 0: there is none. */
function roundAt(
  events: readonly LifeEvent[],
  start: number,
): { readonly length: number; readonly rounds: number } {
  for (let length = 1; length <= ROUND_MAX; length++) {
    let end = start + length;
    while (end < events.length && events[end]!.what === events[end - length]!.what) end += 1;
    const rounds = Math.floor((end - start) / length) - 1;
    if (rounds >= ROUNDS_MIN) return { length, rounds };
  }
  return { length: 1, rounds: 0 };
}

function seconds(timeNs: number): string {
  return `${(timeNs / 1e9).toFixed(9)} s`;
}
