/**
 * The swap areas that an fstab names, and the options of an entry or of `swapon --options`.
 *
 * util-linux counterpart: libmount/src/tab_parse.c, optstr.c; parse_options() of sys-utils/swapon.c.
 */
import { readFileSync } from 'node:fs';
import type { Program } from './program.ts';

export interface FstabEntry {
  /** A path, or a tag such as `LABEL=name`. */
  readonly source: string;
  /** Comma-separated, as written. */
  readonly options: string;
}

/** Where the fstab is when no option names one. */
export function defaultFstab(program: Program): string {
  return program.io.env['LIBMOUNT_FSTAB'] ?? '/etc/fstab';
}

/** Reads the swap entries of an fstab; a line that is none is told and passed over. */
export function readFstab(program: Program, path: string): FstabEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return program.failError(`failed to parse ${path}`, error);
  }
  const { entries, badLines } = parseFstab(text);
  for (const line of badLines) program.warn(`${path}: parse error at line ${line} -- ignored`);
  return entries;
}

/** Parses an fstab; `badLines` counts from 1. */
export function parseFstab(text: string): { entries: FstabEntry[]; badLines: number[] } {
  const entries: FstabEntry[] = [];
  const badLines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const fields = line.split(/[ \t]+/).filter((field) => field !== '');
    if (fields.length === 0 || line.trimStart().startsWith('#')) continue;
    const [source, , type, options = ''] = fields.map(unmangle);
    if (source === undefined || type === undefined) badLines.push(index + 1);
    else if (type === 'swap') entries.push({ source, options });
  }
  return { entries, badLines };
}

/** Blanks and backslashes stand there as octal numbers. */
function unmangle(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** The value of an option in a comma-separated list: null without the option, '' without a value. */
export function mountOption(options: string, name: string): string | null {
  for (const option of options.split(',')) {
    if (option === name) return '';
    if (option.startsWith(`${name}=`)) return option.slice(name.length + 1);
  }
  return null;
}

/** How an area is to be activated. */
export interface SwapProperties {
  /** Below 0: the kernel picks. */
  readonly priority: number;
  /** Pass over an area that is not there. */
  readonly isNoFail: boolean;
}

/** The properties after a list of options: `nofail`, `pri=N`; others change nothing. */
export function withOptions(properties: SwapProperties, options: string): SwapProperties {
  const isNoFail = properties.isNoFail || mountOption(options, 'nofail') !== null;
  // strtol: as many digits as there are; none leave the priority as it was.
  const digits = /^\s*[+-]?\d+/.exec(mountOption(options, 'pri') ?? '');
  return { isNoFail, priority: digits === null ? properties.priority : Number(digits[0]) };
}
