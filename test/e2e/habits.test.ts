/** What one command tells about itself is told everywhere: help, man pages, completion. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCRIPTS } from '../../cli/completion/index.ts';
import { OPTION_CANDIDATES } from '../../cli/completion/values.ts';
import type { CommandDescription, ProgramDescription } from '../../cli/description.ts';
import { describeProgram } from '../../cli/main.ts';
import { manPages } from '../../cli/man/pages.ts';
import { designs } from '../../src/swap/index.ts';
import { Workplace } from './swaplab.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const programFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let place: Workplace;
let program: ProgramDescription;
let all: readonly CommandDescription[];

beforeAll(async () => {
  place = new Workplace();
  program = await describeProgram();
  const below = (command: CommandDescription): CommandDescription[] => [
    command,
    ...command.subcommands.flatMap(below),
  ];
  all = program.commands.flatMap(below);
  for (const [shell, script] of Object.entries(SCRIPTS))
    place.write(`completion.${shell}`, script(program));
  mkdirSync(place.path('bin'));
  writeFileSync(
    place.path('bin/swaplab'),
    `#!/bin/sh\nexec '${process.execPath}' '${programFile}' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  place.write('short.trace', 'pages 64\nW 0 64 seq 64 1 rand\n');
  expect(place.swaplab('run', '--trace', 'short.trace', '--swap', '1M').code).toBe(0);
});

afterAll(() => {
  place.remove();
});

/** Runs a shell that finds the built program as `swaplab`. */
function shell(name: string, ...args: readonly string[]): string {
  const state = place.path('state');
  return execFileSync(name, args, {
    cwd: place.folder,
    encoding: 'utf8',
    timeout: 30_000,
    env: {
      ...process.env,
      XDG_STATE_HOME: state,
      PATH: `${place.path('bin')}:${process.env['PATH']!}`,
    },
  });
}

/** Options that --help names at the beginning of a line. */
function optionsOfHelp(command: CommandDescription): string[] {
  const { code, stdout } = place.swaplab(...command.name.split(' '), '--help');
  expect(code).toBe(0);
  const names = [...stdout.matchAll(/^ {1,6}(-\w)?(?:, )?(--[\w-]+)?/gm)].flatMap(
    ([, short, long]) => [short, long],
  );
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}

describe('every option of --help', () => {
  it('is in the man page and in the completion of all three shells', () => {
    const pages = manPages(program);
    const told = all.filter(({ name }) => name !== 'help');
    expect(told.length).toBeGreaterThan(14);
    const missing = told.flatMap((command) => {
      const { name } = command;
      const [first = ''] = name.split(' ');
      const page = pages.find((each) => each.name === `swaplab-${first}`)?.text ?? '';
      return optionsOfHelp(command).flatMap((option) => {
        const roff = option.replaceAll('-', '\\-');
        const isLong = option.startsWith('--');
        const fish = isLong ? `-l ${option.slice(2)} ` : `-s ${option.slice(1)} `;
        const zshName = `_swaplab_at_${name.replaceAll(' ', '_')}() {`;
        const zsh = SCRIPTS['zsh']!(program).split(zshName)[1]?.split('\n}\n')[0] ?? '';
        return [
          page.includes(`\\fB${roff}\\fR`) ? [] : [`man ${name} ${option}`],
          bashOptions(name).includes(option) ? [] : [`bash ${name} ${option}`],
          zsh.includes(`${option}`) ? [] : [`zsh ${name} ${option}`],
          fishLines(name).some((line) => line.includes(fish)) ? [] : [`fish ${name} ${option}`],
        ].flat();
      });
    });
    expect(missing).toEqual([]);
  });

  it('has candidates by no name that there is not', () => {
    const known = new Set(
      all.flatMap(({ name, options }) =>
        options.flatMap(({ long }) => (long === null ? [] : [long, `${name} ${long}`])),
      ),
    );
    expect(Object.keys(OPTION_CANDIDATES).filter((key) => !known.has(key))).toEqual([]);
  });
});

function bashOptions(path: string): string[] {
  const found = new RegExp(`^ +'${path}'\\) _swaplab_words '(-.*)' ;;$`, 'm').exec(
    SCRIPTS['bash']!(program),
  );
  return found?.[1]?.split(' ') ?? [];
}

function fishLines(path: string): string[] {
  return SCRIPTS['fish']!(program)
    .split('\n')
    .filter((line) => line.startsWith(`complete -c swaplab -n '__swaplab_at ${path}' `));
}

const swapTables = Object.keys(designs).filter((name) => name.startsWith('swap-table'));
/** A line that ends where the user presses TAB, and what is offered. */
const LINES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['ru'], ['run', 'runs']],
  [['run', '--des'], ['--design']],
  [['run', '--design', 'swap-t'], swapTables],
  [['compare', '--designs', 'xarray,vswap-'], ['xarray,vswap-table']],
  [['--db', 'x', 'runs', 'ls', '--status', 'd'], ['done']],
  [
    ['runs', 'show', ''],
    ['1', 'last'],
  ],
  [['run', '--trace', 'sho'], ['short.trace']],
];

describe.skipIf(!has('bash'))('completion in bash', () => {
  it.each(LINES)('of %j', (words, offered) => {
    const script = `source completion.bash; COMP_WORDS=(swaplab "$@"); COMP_CWORD=$#; _swaplab
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const said = shell('bash', '--norc', '-c', script, 'bash', ...words);
    expect(said.trim().split('\n').sort()).toEqual([...offered].sort());
  });
});

describe.skipIf(!has('fish'))('completion in fish', () => {
  it.each(LINES)('of %j', (words, offered) => {
    const line = ['swaplab', ...words].join(' ');
    const said = shell('fish', '-c', `source completion.fish; complete -C '${line}'`);
    const found = said
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0]);
    expect(found.sort()).toEqual([...offered].sort());
  });
});

describe.skipIf(!has('zsh'))('completion in zsh', () => {
  it.each([
    ['swaplab run --des', 'swaplab run --design'],
    ['swaplab runs sh', 'swaplab runs show '],
    ['swaplab compare --designs=xarray,vswap-', 'swaplab compare --designs=xarray,vswap-table'],
  ])('of %s', (typed, completed) => {
    place.write(
      'type.zsh',
      `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PROMPT=; autoload -U compinit; compinit -u -D; source completion.zsh; print READ''Y'
zpty -r -m z said '*READY*'
zpty -w -n z "$1"$'\\t\\C-a\\C-kprint -r -- DONE''\\n'
`.replace('\\C-a\\C-k', '') +
        `out=; repeat 40; do while zpty -r -t z line; do out+=$line; done; sleep 0.05; done
print -r -- "$out"
zpty -d z
`,
    );
    const said = shell('zsh', '-f', 'type.zsh', typed).replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, '');
    expect(said).toContain(completed);
  });
});

describe('the man pages', () => {
  it('are written, one for each command', () => {
    expect(place.swaplab('man', '--write', 'pages').code).toBe(0);
    const wanted = ['swaplab.1', ...program.commands.map(({ name }) => `swaplab-${name}.1`)];
    expect(readdirSync(place.path('pages')).sort()).toEqual(wanted.sort());
  });

  it.skipIf(!has('mandoc') && spawnSync('mandoc').error !== undefined)('are good troff', () => {
    for (const { name, text } of manPages(program)) {
      const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], {
        input: text,
        encoding: 'utf8',
      });
      expect([name, stdout]).toEqual([name, '']);
    }
  });
});
