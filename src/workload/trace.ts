/**
 * The trace format: parsing, with an error for every mistake that names the line.
 * @source fixtures/trace-format.md
 */
import { parseZramSetting, type ZramSetting } from '../device/index.ts';
import { clipped, UsageError } from '../units/index.ts';
import {
  parseZswapCgroupSetting,
  parseZswapSetting,
  type ZswapCgroupSetting,
  type ZswapSetting,
} from '../zswap/index.ts';
import { CONTENT_SYNTAX, parseContent, type Content } from './content.ts';

export type Order = 'seq' | 'rev' | 'rand' | 'hot';
export type Verb = 'read' | 'write' | 'modify' | 'drop';

/** One operation line. */
export interface PageOperation {
  readonly kind: 'pages';
  /** The line as it stands, without comment and extra blanks. */
  readonly line: string;
  readonly verb: Verb;
  /** A forked child does it on its copy-on-write view. */
  readonly fork: boolean;
  /** From 1, counting operation lines. */
  readonly number: number;
  /** Index into `tasks`. */
  readonly task: number;
  readonly first: number;
  readonly count: number;
  readonly order: Order;
  readonly draws: number;
  readonly seed: number;
  /** What `write` writes; zero otherwise. */
  readonly content: Content;
}

export type TraceStep =
  | PageOperation
  | { readonly kind: 'pause' | 'barrier'; readonly line: string }
  | { readonly kind: 'sleep'; readonly line: string; readonly durationNs: number }
  | { readonly kind: 'swapon' | 'swapoff'; readonly line: string; readonly path: string }
  | {
      readonly kind: 'zram';
      readonly line: string;
      readonly path: string;
      readonly setting: ZramSetting;
    }
  | { readonly kind: 'zswap'; readonly line: string; readonly setting: ZswapSetting }
  | {
      readonly kind: 'cgroup';
      readonly line: string;
      readonly name: string;
      readonly setting: ZswapCgroupSetting;
    }
  | { readonly kind: 'vswap'; readonly line: string; readonly isOn: boolean };

export interface Trace {
  readonly pages: number;
  /** Pages of the shared file; their numbers follow those of the private mapping. */
  readonly sharedPages: number;
  readonly tasks: readonly string[];
  readonly steps: readonly TraceStep[];
}

const VERBS: Readonly<Record<string, { readonly verb: Verb; readonly fork: boolean }>> = {
  W: { verb: 'write', fork: false },
  M: { verb: 'modify', fork: false },
  R: { verb: 'read', fork: false },
  D: { verb: 'drop', fork: false },
  FW: { verb: 'write', fork: true },
  FM: { verb: 'modify', fork: true },
  FR: { verb: 'read', fork: true },
};
const ORDERS: readonly string[] = ['seq', 'rev', 'rand', 'hot'];
const U32_MAX = 0xffffffff;
/** 4 GiB of mapping at 2^20 pages would still be small; page tables need an array each. */
export const PAGES_MAX: number = 2 ** 28;

/**
 * A line of a trace without its comment, with one blank between words.
 * No regular expression for the comment: `.` is no carriage return, so that the comments of a file
 * with CRLF stayed, and each `#` of such a line was tried to its end.
 */
export function plainLine(text: string): string {
  const comment = text.indexOf('#');
  return (comment < 0 ? text : text.slice(0, comment)).trim().replace(/\s+/g, ' ');
}

/** State while lines are read. */
class Parser {
  readonly #source: string;
  readonly steps: TraceStep[] = [];
  readonly tasks: string[] = ['main'];
  pages = 0;
  sharedPages = 0;
  #task = 0;
  #number = 0;
  #lineNumber = 0;

  constructor(source: string) {
    this.#source = source;
  }

  line(text: string): void {
    this.#lineNumber += 1;
    const line = plainLine(text);
    if (line === '') return;
    const words = line.split(' ');
    const verb = words[0]!;
    if (verb === 'pages') {
      this.#readPages(words);
      return;
    }
    if (this.pages === 0) this.fail(`'${verb}' before 'pages N'; a trace starts with 'pages N'`);
    if (verb === 'shmem') this.#readShared(words);
    else if (Object.hasOwn(VERBS, verb)) this.#readOperation(line, words);
    else this.#readOther(line, words);
  }

  fail(what: string): never {
    throw new UsageError(`${this.#source}:${this.#lineNumber}: ${clipped(what, 1000)}`);
  }

  #readPages(words: readonly string[]): void {
    if (this.pages !== 0) this.fail("'pages' stands once, in front");
    if (words.length !== 2) this.fail("'pages' takes one number, as in 'pages 24576'");
    this.pages = this.#number32(words[1]!, 'pages');
    if (this.pages === 0 || this.pages > PAGES_MAX)
      this.fail(`pages ${this.pages} is out of range; accepted: 1 to ${PAGES_MAX}`);
  }

  #readShared(words: readonly string[]): void {
    if (this.sharedPages !== 0 || this.steps.length > 0)
      this.fail("'shmem' stands once, right behind 'pages'");
    if (words.length !== 2) this.fail("'shmem' takes one number, as in 'shmem 1024'");
    this.sharedPages = this.#number32(words[1]!, 'shmem');
    if (this.sharedPages === 0 || this.pages + this.sharedPages > PAGES_MAX)
      this.fail(
        `shmem ${this.sharedPages} is out of range; accepted: 1 to ${PAGES_MAX - this.pages}`,
      );
  }

  #readOperation(line: string, words: readonly string[]): void {
    if (words.length !== 7)
      this.fail(
        `'${words[0]}' takes 6 fields (first count order draws seed content), ` +
          `not ${words.length - 1}`,
      );
    const [name, first, count, order, draws, seed, text] = words as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const { verb, fork } = VERBS[name]!;
    const operation = {
      first: this.#number32(first, 'first'),
      count: this.#number32(count, 'count'),
      draws: this.#number32(draws, 'draws'),
      seed: this.#number32(seed, 'seed'),
    };
    if (operation.count === 0) this.fail("count '0': an operation needs at least one page");
    const mapped = this.pages + this.sharedPages;
    if (operation.first + operation.count > mapped)
      this.fail(
        `pages ${operation.first} to ${operation.first + operation.count - 1} reach beyond ` +
          `the mapping; accepted: 0 to ${mapped - 1}`,
      );
    if (!ORDERS.includes(order))
      this.fail(`order '${order}' is none; accepted: ${ORDERS.join(', ')}`);
    if (order === 'hot' && operation.count < 8)
      this.fail(`order 'hot' needs a count of at least 8 (its hot eighth), not ${count}`);
    if (fork && this.#task !== 0) this.fail('only the first task forks');
    this.#number += 1;
    this.steps.push({
      kind: 'pages',
      line,
      verb,
      fork,
      number: this.#number,
      task: this.#task,
      ...operation,
      order: order as Order,
      content: this.#content(verb, text),
    });
  }

  #content(verb: Verb, text: string): Content {
    if (verb !== 'write') {
      if (text === '-') return { kind: 'zero' };
      this.fail(`content '${text}' on an operation that writes none; accepted: -`);
    }
    return (
      parseContent(text) ?? this.fail(`content '${text}' is none; accepted: ${CONTENT_SYNTAX}`)
    );
  }

  #readOther(line: string, words: readonly string[]): void {
    const [verb, argument] = words as [string, string | undefined];
    const needs = (what: string): string => {
      if (argument === undefined || words.length !== 2) this.fail(`'${verb}' takes ${what}`);
      return argument;
    };
    switch (verb) {
      case 'pause':
      case 'barrier':
        if (words.length !== 1) this.fail(`'${verb}' takes nothing behind it`);
        this.steps.push({ kind: verb, line });
        return;
      case 'sleep': {
        const text = needs('virtual nanoseconds');
        const durationNs = Number(text);
        if (!/^\d+$/.test(text) || !Number.isSafeInteger(durationNs))
          this.fail(`sleep '${text}' is no number of nanoseconds; accepted: 0 to 2^53-1`);
        this.steps.push({ kind: 'sleep', line, durationNs });
        return;
      }
      case 'swapon':
      case 'swapoff':
        this.steps.push({ kind: verb, line, path: needs('the path of an area') });
        return;
      case 'vswap': {
        const state = needs('on or off');
        if (state !== 'on' && state !== 'off') this.fail(`vswap '${state}'; accepted: on, off`);
        this.steps.push({ kind: verb, line, isOn: state === 'on' });
        return;
      }
      case 'zram':
        this.steps.push(this.#readZram(line, words));
        return;
      case 'zswap':
        this.steps.push(this.#readZswap(line, words));
        return;
      case 'cgroup':
        this.steps.push(this.#readCgroup(line, words));
        return;
      case 'task':
        this.#selectTask(needs('a name'));
        return;
      default:
        this.fail(
          `'${verb}' is no operation; accepted: ${Object.keys(VERBS).join(' ')} ` +
            'pause barrier sleep swapon swapoff vswap zram zswap cgroup task',
        );
    }
  }

  #readZram(line: string, words: readonly string[]): TraceStep {
    const [, path, attribute, ...value] = words;
    if (path === undefined || attribute === undefined || value.length === 0)
      this.fail("'zram' takes AREA ATTRIBUTE VALUE, as in 'zram zram0 idle all'");
    const setting = parseZramSetting(attribute, value.join(' '));
    if (typeof setting === 'string') this.fail(`zram ${path}: ${setting}`);
    return { kind: 'zram', line, path, setting };
  }

  #readZswap(line: string, words: readonly string[]): TraceStep {
    const [, parameter, value] = words;
    if (parameter === undefined || value === undefined || words.length !== 3)
      this.fail("'zswap' takes PARAMETER VALUE, as in 'zswap max_pool_percent 10'");
    const setting = parseZswapSetting(parameter, value);
    if (typeof setting === 'string') this.fail(`zswap ${setting}`);
    return { kind: 'zswap', line, setting };
  }

  #readCgroup(line: string, words: readonly string[]): TraceStep {
    const [, name, file, value] = words;
    if (name === undefined || file === undefined || value === undefined || words.length !== 4)
      this.fail("'cgroup' takes NAME FILE VALUE, as in 'cgroup all zswap.max 16M'");
    const setting = parseZswapCgroupSetting(file, value);
    if (typeof setting === 'string') this.fail(`cgroup ${name}: ${setting}`);
    return { kind: 'cgroup', line, name, setting };
  }

  #selectTask(name: string): void {
    const known = this.tasks.indexOf(name);
    this.#task = known < 0 ? this.tasks.push(name) - 1 : known;
    if (this.tasks.length > 256) this.fail('a trace has at most 256 tasks');
  }

  #number32(text: string, what: string): number {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value > U32_MAX)
      this.fail(`${what} '${clipped(text)}' is no number; accepted: 0 to ${U32_MAX}`);
    return value;
  }
}

/**
 * Parses a trace.
 * @param source - file or option to name in errors
 * @throws UsageError naming source and line
 */
export function parseTrace(text: string, source: string): Trace {
  const parser = new Parser(source);
  for (const line of text.split('\n')) parser.line(line);
  if (parser.pages === 0) parser.fail("no 'pages N' line");
  if (!parser.steps.some((step) => step.kind === 'pages')) parser.fail('no operation');
  const { pages, sharedPages, tasks, steps } = parser;
  // Each task has page tables of its own for the private part.
  if (tasks.length * pages + sharedPages > PAGES_MAX)
    parser.fail(
      `${tasks.length} tasks of ${pages} pages are out of range; accepted: ${PAGES_MAX} pages in all`,
    );
  return { pages, sharedPages, tasks, steps };
}
