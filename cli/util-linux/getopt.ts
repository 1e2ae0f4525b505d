/**
 * getopt_long(3) as the util-linux programs use it: options anywhere among the operands, bundled
 * short options, long options by any unambiguous prefix, optional arguments, and the messages.
 *
 * Counterparts: glibc posix/getopt.c; util-linux include/optutils.h for options that exclude each
 * other. Simplified on purpose: no `-W long` and no leading `+` or `-` in the option string.
 */

/** Whose options are read. */
export interface OptionReader {
  readonly io: { readonly env: Readonly<Record<string, string | undefined>> };
  warn(text: string): void;
  fail(text: string): never;
  tryHelp(): never;
}

export interface OptionSpec<Id extends string> {
  readonly id: Id;
  /** One letter. */
  readonly short?: string;
  readonly long?: string;
  /** Default `none`. */
  readonly argument?: 'none' | 'required' | 'optional';
}

export interface GetoptOptions<Id extends string> {
  readonly options: readonly OptionSpec<Id>[];
  /** Groups of options of which one at most is given; named in this order when two are. */
  readonly exclusive?: readonly (readonly Id[])[];
}

export interface FoundOption<Id extends string> {
  readonly id: Id;
  /** The argument; null without one. */
  readonly value: string | null;
}

/** Reads a command line option by option, so that the first mistake ends it. */
export class Getopt<Id extends string> {
  /** What is no option; complete when all options have been read. */
  readonly operands: string[] = [];
  readonly #program: OptionReader;
  readonly #options: readonly OptionSpec<Id>[];
  readonly #exclusive: readonly (readonly Id[])[];
  readonly #words: string[];

  constructor(program: OptionReader, argv: readonly string[], options: GetoptOptions<Id>) {
    this.#program = program;
    this.#options = options.options;
    this.#exclusive = options.exclusive ?? [];
    this.#words = [...argv];
  }

  /** Yields the options in their order; a mistake is told and ends the program. */
  *[Symbol.iterator](): Generator<FoundOption<Id>, void, undefined> {
    const seen = new Set<Id>();
    for (const found of this.#read()) {
      seen.add(found.id);
      for (const group of this.#exclusive)
        if (group.includes(found.id) && group.filter((id) => seen.has(id)).length > 1)
          this.#failExclusive(group);
      yield found;
    }
  }

  *#read(): Generator<FoundOption<Id>, void, undefined> {
    // glibc: with POSIXLY_CORRECT the first operand ends the options.
    const isStrict = this.#program.io.env['POSIXLY_CORRECT'] !== undefined;
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === '--') break;
      if (word.startsWith('--')) yield this.#readLong(word.slice(2));
      else if (word.startsWith('-') && word !== '-') yield* this.#readBundle(word.slice(1));
      else {
        this.operands.push(word);
        if (isStrict) break;
      }
    }
    this.operands.push(...this.#words.splice(0));
  }

  #readLong(text: string): FoundOption<Id> {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? null : text.slice(equals + 1);
    const spec = this.#findLong(name, text);
    const { id, long = '', argument = 'none' } = spec;
    if (argument === 'none' && value !== null)
      this.#fail(`option '--${long}' doesn't allow an argument`);
    if (argument !== 'required' || value !== null) return { id, value };
    const next = this.#words.shift();
    if (next === undefined) this.#fail(`option '--${long}' requires an argument`);
    return { id, value: next };
  }

  /** @param text - the option as written, with its argument: how glibc names one it cannot find */
  #findLong(name: string, text: string): OptionSpec<Id> {
    const exact = this.#options.find(({ long }) => long === name);
    if (exact !== undefined) return exact;
    const fitting = this.#options.filter(({ long }) => long?.startsWith(name) === true);
    if (fitting.length > 1) {
      const names = fitting.map(({ long }) => ` '--${long ?? ''}'`).join('');
      this.#fail(`option '--${text}' is ambiguous; possibilities:${names}`);
    }
    return fitting[0] ?? this.#fail(`unrecognized option '--${text}'`);
  }

  /** Reads `-abc`; the rest of the word is the argument of the first option that takes one. */
  *#readBundle(letters: string): Generator<FoundOption<Id>, void, undefined> {
    const all = Array.from(letters);
    for (const [index, letter] of all.entries()) {
      const spec = this.#options.find(({ short }) => short === letter);
      if (spec === undefined) this.#fail(`invalid option -- '${letter}'`);
      const { id, argument = 'none' } = spec;
      if (argument === 'none') {
        yield { id, value: null };
        continue;
      }
      const rest = all.slice(index + 1).join('');
      if (rest !== '') yield { id, value: rest };
      else if (argument === 'optional') yield { id, value: null };
      else {
        const next = this.#words.shift();
        if (next === undefined) this.#fail(`option requires an argument -- '${letter}'`);
        yield { id, value: next };
      }
      return;
    }
  }

  #failExclusive(group: readonly Id[]): never {
    const names = group.map((id) => {
      const { long, short = '' } = this.#options.find((spec) => spec.id === id) ?? {};
      return long === undefined ? ` -${short}` : ` --${long}`;
    });
    return this.#program.fail(`mutually exclusive arguments:${names.join('')}`);
  }

  #fail(text: string): never {
    this.#program.warn(text);
    return this.#program.tryHelp();
  }
}
