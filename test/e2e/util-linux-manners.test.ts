import { describe, expect, it } from 'vitest';
import { mountOption, parseFstab, withOptions } from '../../cli/util-linux/fstab.ts';
import { Getopt, type OptionSpec } from '../../cli/util-linux/getopt.ts';
import { parseTag } from '../../cli/util-linux/probe.ts';
import { Program, ProgramExit } from '../../cli/util-linux/program.ts';
import { formatTable, selectColumns, type TableColumn } from '../../cli/util-linux/smartcols.ts';

type Id = 'all' | 'label' | 'show' | 'verbose' | 'version';
const OPTIONS: readonly OptionSpec<Id>[] = [
  { id: 'all', short: 'a', long: 'all' },
  { id: 'label', short: 'L', long: 'label', argument: 'required' },
  { id: 'show', short: 's', long: 'show', argument: 'optional' },
  { id: 'version', short: 'V', long: 'version' },
  { id: 'verbose', long: 'verbose' },
];

/** Options as `id` or `id=value`, then operands behind `|`; or the message. */
function parse(argv: readonly string[], env: Record<string, string> = {}): string {
  let stderr = '';
  const program = new Program('prog', {
    stdout: () => undefined,
    stderr: (text) => {
      stderr += text;
    },
    ...{ databasePath: '/nonexistent', env },
  });
  const getopt = new Getopt(program, argv, { options: OPTIONS, exclusive: [['all', 'show']] });
  try {
    const found = [...getopt].map(({ id, value }) => (value === null ? id : `${id}=${value}`));
    return [...found, '|', ...getopt.operands].join(' ');
  } catch (error) {
    if (!(error instanceof ProgramExit)) throw error;
    return `${error.status} ${stderr}`;
  }
}

describe('getopt_long', () => {
  it.each([
    [['-a', 'x', '-L', 'lab', 'y'], 'all label=lab | x y'],
    [['-aLlab'], 'all label=lab |'],
    [['-aL', 'lab'], 'all label=lab |'],
    [['--label=a=b', '--label', '-a'], 'label=a=b label=-a |'],
    [['--lab', 'x', '--al'], 'label=x all |'],
    [['-s', 'x'], 'show | x'],
    [['-sx', '--show=y', '--show', 'z'], 'show=x show=y show | z'],
    [['--show='], 'show= |'],
    [['a', '--', '-a', '--all'], '| a -a --all'],
    [['-', '-a'], 'all | -'],
    [['--verb', '--version'], 'verbose version |'],
  ])('reads %j', (argv, expected) => {
    expect(parse(argv)).toBe(expected);
  });

  it.each([
    [['-aZ'], "prog: invalid option -- 'Z'"],
    [['--nope=1'], "prog: unrecognized option '--nope=1'"],
    [['--ver'], "prog: option '--ver' is ambiguous; possibilities: '--version' '--verbose'"],
    [['--all=1'], "prog: option '--all' doesn't allow an argument"],
    [['-L'], "prog: option requires an argument -- 'L'"],
    [['x', '--lab'], "prog: option '--label' requires an argument"],
  ])('refuses %j', (argv, message) => {
    expect(parse(argv)).toBe(`1 ${message}\nTry 'prog --help' for more information.\n`);
  });

  it('names all options of a group that exclude each other, and sees one given twice', () => {
    expect(parse(['-s', '-a'])).toBe('1 prog: mutually exclusive arguments: --all --show\n');
    expect(parse(['-a', '-a'])).toBe('all all |');
  });

  it('stops at the first operand with POSIXLY_CORRECT', () => {
    expect(parse(['-a', 'x', '-a'], { POSIXLY_CORRECT: '1' })).toBe('all | x -a');
  });
});

describe('a table', () => {
  interface Row {
    readonly name: string;
    readonly size: number;
  }
  const column = (name: string, isRight: boolean, of: (row: Row) => string): TableColumn<Row> => ({
    ...{ name, isRight, help: `help of ${name}`, text: of, value: of },
  });
  const columns = [
    column('NAME', false, (row) => row.name),
    column('SIZE', true, (row) => String(row.size)),
    column('NOTE', false, (row) => (row.size > 9 ? 'big' : '')),
  ];
  const rows = [
    { name: 'a', size: 7 },
    { name: 'b c\u001bd', size: 123_456 },
  ];
  const plain = { isRaw: false, hasHeadings: true, isInBytes: false, isAnnotated: false };

  it('is aligned, without blanks behind its last column', () => {
    expect(formatTable(columns, rows, plain)).toBe(
      `NAME       SIZE NOTE\na             7 \nb c\\x1bd 123456 big\n`,
    );
  });

  it('is raw with one blank between cells and none in them', () => {
    expect(formatTable(columns, rows, { ...plain, isRaw: true })).toBe(
      'NAME SIZE NOTE\na 7 \nb\\x20c\\x1bd 123456 big\n',
    );
  });

  it('without rows is nothing, and without headings as wide as its cells', () => {
    expect(formatTable(columns, [], plain)).toBe('');
    expect(formatTable(columns.slice(1, 2), rows, { ...plain, hasHeadings: false })).toBe(
      '     7\n123456\n',
    );
  });

  it('selects columns by names in any case', () => {
    expect(selectColumns('size,NAME', columns)).toEqual([columns[1], columns[0]]);
    expect(selectColumns('size,foo', columns)).toEqual({ unknown: 'foo' });
  });
});

describe('an fstab', () => {
  it('gives its swap entries, blanks in octal, and the lines that are none', () => {
    const text =
      '# comment\n\n  # another\n/dev/a none swap sw,pri=3 0 0\n' +
      'LABEL=x\tnone\tswap\n/dev/b / ext4 defaults 0 1\n/with\\040blank none swap sw\nbroken line\n';
    expect(parseFstab(text)).toEqual({
      entries: [
        { source: '/dev/a', options: 'sw,pri=3' },
        { source: 'LABEL=x', options: '' },
        { source: '/with blank', options: 'sw' },
      ],
      badLines: [8],
    });
  });

  it('has options with and without values', () => {
    expect(mountOption('sw,pri=3,nofail', 'pri')).toBe('3');
    expect(mountOption('sw,nofail', 'nofail')).toBe('');
    expect(mountOption('sw,nofailure', 'nofail')).toBe(null);
  });

  it('sets priority and nofail, and leaves a priority that is no number alone', () => {
    const properties = { priority: -1, isNoFail: false };
    expect(withOptions(properties, 'pri=5x,nofail')).toEqual({ priority: 5, isNoFail: true });
    expect(withOptions(properties, 'pri=x')).toEqual(properties);
    expect(withOptions({ ...properties, isNoFail: true }, 'sw').isNoFail).toBe(true);
  });
});

describe('a tag', () => {
  it.each([
    ['LABEL=a b', { tag: 'LABEL', value: 'a b' }],
    ['UUID="x"', { tag: 'UUID', value: 'x' }],
    ["PARTLABEL='y'", { tag: 'PARTLABEL', value: 'y' }],
    ['/dev/LABEL=x', null],
    ['FOO=x', null],
  ])('%s is read as %j', (spec, expected) => {
    expect(parseTag(spec)).toEqual(expected);
  });
});
