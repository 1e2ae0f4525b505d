/** What `explain` prints: a way from a page table entry to bytes, hop by hop. */
import type { Hop } from '../src/engine/index.ts';
import { describeLocation, type Answer, type PageView } from '../src/machine/index.ts';
import type { FoundInRun } from './replay.ts';
import { alignTable } from '../src/report/text/table.ts';

/** Columns of a terminal that lines of words are broken for. */
const WIDTH = 100;

/** The document of `explain --json`. */
export function explainJson(answers: readonly Answer[], more: object = {}): unknown {
  return { ...more, answers };
}

/** Answers by situation, then by design. */
export function explainText(answers: readonly Answer[]): string {
  const titles = new Map(answers.map(({ situation, title }) => [situation, title]));
  return [...titles]
    .map(([situation, title]) => {
      const ofOne = answers.filter((answer) => answer.situation === situation);
      return `${situation}: ${title}\n\n${ofOne.map(answerText).join('\n')}`;
    })
    .join('\n');
}

/** A page of a stored run. */
export function placeText({ where, answer }: FoundInRun): string {
  const seconds = (where.virtualNs / 1e9).toFixed(6);
  const compared = `${where.phasesCompared} phase${where.phasesCompared === 1 ? '' : 's'}`;
  return (
    `run ${where.run} after operation ${where.operation}, phase ${where.phase} (${where.op}), ` +
    `at ${seconds} s of virtual time; ${compared} replayed as stored\n\n${answerText(answer)}`
  );
}

function answerText(answer: Answer): string {
  const name = `${answer.design}:${answer.revision}`;
  if (!answer.answered) return `  ${name}: no answer\n${paragraph(answer.note, '    ')}`;
  const { also } = answer;
  return [
    `  ${name}: ${answer.what}\n`,
    wayText(answer),
    ...also.flatMap((view) => [`    ${view.what} (page ${view.page}):\n`, wayText(view)]),
    paragraph(answer.note, '    '),
  ].join('');
}

/** Hops in columns, and what is at their end. */
function wayText(
  view: Pick<PageView, 'hops' | 'holds' | 'events'> & Pick<Answer, 'location'>,
): string {
  const rows = view.hops.map((hop) => [hop.from, `→ ${hop.to}`, eventOf(hop)]);
  const place = view.location === null ? '' : describeLocation(view.location);
  const compared = { true: ' (compared: the page)', false: ' (compared: NOT THE PAGE)' };
  const verdict = view.holds === null ? '' : compared[`${view.holds}`];
  const locks = Object.entries(view.events)
    .filter(([name]) => name.startsWith('lockAcquire.'))
    .map(([name, count]) => `${name.slice('lockAcquire.'.length)} ${count}`);
  return [
    indented(alignTable([], rows), '      '),
    paragraph(`bytes: ${place}${verdict}`, '      '),
    locks.length === 0 ? '' : paragraph(`locks on the way: ${locks.join(', ')}`, '      '),
  ].join('');
}

/** What was counted for a hop; nothing where the place is arithmetic or a field of what was read. */
function eventOf({ event, count }: Hop): string {
  if (event === 'none') return '-';
  return count === 1 ? event : `${event} × ${count}`;
}

function indented(text: string, indent: string): string {
  return text.replace(/^(?=.)/gm, indent);
}

/** Words in lines that fit a terminal. */
function paragraph(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((one) => `${indent}${one}\n`).join('');
}
