/** What one command tells about itself is told everywhere: help, man pages, completion. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SCRIPTS } from '../../cli/completion/index.ts';
import { OPTION_CANDIDATES } from '../../cli/completion/values.ts';
import type { CommandDescription, ProgramDescription } from '../../cli/description.ts';
import { describeProgram, main } from '../../cli/main.ts';
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
async function optionsOfHelp(command: CommandDescription): Promise<string[]> {
  let stdout = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  const code = await main([...command.name.split(' '), '--help']);
  write.mockRestore();
  expect(code).toBe(0);
  const names = [...stdout.matchAll(/^ {1,6}(-\w)?(?:, )?(--[\w-]+)?/gm)].flatMap(
    ([, short, long]) => [short, long],
  );
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}

describe('every option of --help', () => {
  it('is in the man page and in the completion of all three shells', async () => {
    const pages = manPages(program);
    const told = all.filter(({ name }) => name !== 'help');
    expect(told.length).toBeGreaterThan(14);
    const named = new Map<string, string[]>();
    for (const command of told) named.set(command.name, await optionsOfHelp(command));
    const [zshScript, bashScript, fishScript] = ['zsh', 'bash', 'fish'].map((name) =>
      SCRIPTS[name]!(program),
    ) as [string, string, string];
    const missing = told.flatMap((command) => {
      const { name } = command;
      const [first = ''] = name.split(' ');
      const page = pages.find((each) => each.name === `swaplab-${first}`)?.text ?? '';
      return named.get(name)!.flatMap((option) => {
        const roff = option.replaceAll('-', '\\-');
        const isLong = option.startsWith('--');
        const fish = isLong ? `-l ${option.slice(2)} ` : `-s ${option.slice(1)} `;
        const zshName = `_swaplab_at_${name.replaceAll(/\W/g, '_')}() {`;
        const zsh = zshScript.split(zshName)[1]?.split('\n}\n')[0] ?? '';
        return [
          page.includes(`\\fB${roff}\\fR`) ? [] : [`man ${name} ${option}`],
          bashOptions(bashScript, name).includes(option) ? [] : [`bash ${name} ${option}`],
          zsh.includes(option) ? [] : [`zsh ${name} ${option}`],
          fishLines(fishScript, name).some((line) => line.includes(fish))
            ? []
            : [`fish ${name} ${option}`],
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

function bashOptions(script: string, path: string): string[] {
  const found = new RegExp(`^ +'${path}'\\) _swaplab_words '(-.*)' ;;$`, 'm').exec(script);
  return found?.[1]?.split(' ') ?? [];
}

function fishLines(script: string, path: string): string[] {
  return script
    .split('\n')
    .filter((line) => line.startsWith(`complete -c swaplab -n '__swaplab_at ${path}' `));
}

const swapTables = Object.keys(designs).filter((name) => name.startsWith('swap-table'));
/** A line that ends where the user presses TAB, and what is offered. */
const LINES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['ru'], ['run', 'runs']],
  [['run', '--des'], ['--design']],
  [['run', '--design', 'swap-t'], swapTables],
  [['compare', '--designs', 'xs'], ['xswap']],
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
  it('completes commands, options and lists', () => {
    place.write(
      'type.zsh',
      `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PROMPT=; autoload -U compinit; compinit -u -D; source completion.zsh; print READ""Y'
zpty -r -m z said '*READY*'
for typed in "$@"; do
  zpty -w -n z "$typed"$'\\t'
  sleep 1
  while zpty -r -t z line; do print -rn -- "$line"; done
  zpty -w -n z $'\\C-u'
done
zpty -d z
`,
    );
    const lines = [
      'swaplab run --desi',
      'swaplab compare --qui',
      'swaplab runs sh',
      'swaplab compare --designs=xarray,vswap-',
    ];
    const said = shell('zsh', '-f', 'type.zsh', ...lines);
    const plain = said.replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, '');
    for (const completed of ['run --design=', 'compare --quiet ', 'runs show '])
      expect(plain).toContain(completed);
    expect(plain).toContain('--designs=xarray,vswap-table');
  });
});

describe('the man pages', () => {
  it('are written, one for each command', () => {
    expect(place.swaplab('man', '--write', 'pages').code).toBe(0);
    const wanted = ['swaplab.1', ...program.commands.map(({ name }) => `swaplab-${name}.1`)];
    expect(readdirSync(place.path('pages')).sort()).toEqual(wanted.sort());
    // The pages of commands below another are sections of its page.
    const { stdout } = place.swaplab('man', 'runs', 'show');
    expect(stdout).toBe(readFileSync(place.path('pages/swaplab-runs.1'), 'utf8'));
  });

  it.skipIf(!has('mandoc'))(
    'name values as --help does, and have all examples under a heading',
    () => {
      const input = manPages(program).find(({ name }) => name === 'swaplab-runs')!.text;
      const { stdout } = spawnSync('mandoc', ['-T', 'ascii'], { input, encoding: 'utf8' });
      const plain = stdout.replaceAll(/.\u0008/g, '');
      // Brackets inside its name once made the value one that may be left out.
      expect(plain).toContain('--sort column\n');
      expect(plain).toMatch(/^ +Examples:\n +swaplab --db all\.db runs merge shard-\*\.db$/m);
      expect(plain.match(/^ +Examples:$/gm)!.length).toBeGreaterThan(7);
    },
  );

  it.skipIf(!has('mandoc'))('are good troff', () => {
    for (const { name, text } of manPages(program)) {
      const { stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], {
        input: text,
        encoding: 'utf8',
      });
      expect([name, stdout]).toEqual([name, '']);
    }
  });
});

describe('a run', () => {
  it('tells with -v what it does, on stderr, and never in the document', () => {
    const { code, stdout, stderr } = place.swaplab(
      ...['run', '--trace', 'short.trace', '--swap', '1M', '--memory', '256K', '--json', '-v'],
    );
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { run: number }).run).toBe(2);
    for (const told of [
      /state database \//,
      /spec: machine\.memory = /,
      /area taken: /,
      /run 2 begins/,
      /areas released/,
    ])
      expect(stderr).toMatch(told);
  });
});

/** What the program writes where stderr is a terminal, as a line for each redrawing. */
function onTerminal(before: string, ...args: readonly string[]): string[] {
  const line = `stty cols 120; ${before} swaplab ${args.join(' ')} > out.txt`;
  return shell('script', '-qc', line, '/dev/null')
    .replaceAll('\u001b[1G', '\n')
    .replaceAll(/\u001b(?:\[[0-9;?]*[a-zA-Z]|[78])/g, '')
    .split('\n');
}

describe.skipIf(!has('script'))('a bar under a terminal', () => {
  const BAR =
    / \[=*-*\] [\d,]+\/[\d,]+ operations \| [\d,]+\/s \| [\d:]+ (s|min|h) left \| \d+\.\d\d s virtual$/;

  it('tells rate and remaining time of run, and goes with it', () => {
    // Ended by a signal: how long the work takes depends on the machine.
    place.write('long.trace', 'pages 256\nW 0 256 seq 256 1 rand\nR 0 256 rand 100000000 1 -\n');
    const run = ['run', '--trace', 'long.trace', '--swap', '2M', '--memory', '512K'];
    const drawn = onTerminal('timeout --foreground -s INT 4', ...run);
    expect(drawn.filter((each) => BAR.test(each)).length).toBeGreaterThan(0);
    expect(drawn.at(-1)).toBe('');
  });

  it('stands below the lines of endure', () => {
    const drawn = onTerminal('', 'endure', '--duration', '3s', '--interval', '2500ms');
    expect(drawn.find((each) => / operations \| .* \| 1 s left \| /.test(each))).toBeDefined();
  });
});

describe('a slip', () => {
  it.each([
    [['rnu'], /^swaplab: 'rnu' is no command; accepted: .*; did you mean run\?\n$/],
    [['--versoin'], /^swaplab: unknown option '--versoin'; .*; did you mean --version\?\n$/],
    [
      ['run', '--desing', 'x'],
      /^swaplab: run: unknown option '--desing'; did you mean --design\?\n$/,
    ],
    [['runs', 'shwo'], /^swaplab: runs: unknown command 'shwo'; did you mean show\?\n$/],
    [
      ['run', '--trace', 'short.trace', '--set', 'zswap.maxPoolPrecent=3'],
      /^swaplab: run: unknown key 'maxPoolPrecent' in zswap; did you mean maxPoolPercent\?\n$/,
    ],
    [['run', '--trace', 'short.trace', '--design', 'swap-tabel'], /; did you mean swap-table\?\n$/],
    [['runs', 'ls', '--sort'], /option '--sort <column>' argument missing\n$/],
    [['completion', 'zhs'], /Allowed choices are bash, zsh, fish, runs; did you mean zsh\?\n$/],
    [
      ['man', 'runs', 'shwo'],
      /^swaplab: man: 'runs shwo' is no command; .*; did you mean runs show\?\n$/,
    ],
    [['run', '--trace', 'short.trace', '--fault', 'bitrot'], /; did you mean bit-rot\?\n$/],
    [
      ['compare', '--trace', 'short.trace', '--vary', 'zswap.compressor=lz5'],
      /accepted: lz4, zstd, deflate; did you mean lz4\?\n$/,
    ],
    [['metadata', '--backend', 'dsk'], /choices are zswap, disk; did you mean disk\?\n$/],
  ])('in %j is answered with the nearest there is', (argv, message) => {
    const { code, stderr } = place.swaplab(...argv);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
