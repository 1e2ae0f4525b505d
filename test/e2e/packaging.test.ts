/** The package as `npm pack` makes it, unpacked where `npm install` would put it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

/** About 1 MB packed, of which 0.3 are the program and as much the library. */
const PACKED_BYTES_MAX = 1_500_000;

const project = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly bin: { readonly swaplab: string };
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
}

let place: Workplace;
let installed: string;
let files: readonly string[];
let bytes: number;
let manifest: Manifest;

/** Runs node in the folder of a project that has the package installed. */
function node(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: place.folder,
    env: { ...process.env, XDG_STATE_HOME: place.path('state') },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

/** The folders of what the package depends on, directly or not, by the lock file. */
function dependencies(): string[] {
  const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  return Object.keys(packages).filter(
    (path) =>
      /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) &&
      packages[path]!.dev !== true &&
      // Binaries for other systems are not here.
      existsSync(join(project, path)),
  );
}

beforeAll(() => {
  place = new Workplace();
  // Without scripts: the program is built already, and other tests are running it.
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', place.folder],
    { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [tarball] = JSON.parse(packed) as {
    filename: string;
    size: number;
    files: { path: string }[];
  }[];
  files = tarball!.files.map((file) => file.path);
  bytes = tarball!.size;
  installed = place.path('node_modules/swaplab');
  mkdirSync(installed, { recursive: true });
  const archive = place.path(tarball!.filename);
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  // What `npm install` would fetch and compile, and no tool of the workshop.
  for (const path of dependencies()) {
    mkdirSync(join(installed, path, '..'), { recursive: true });
    symlinkSync(join(project, path), join(installed, path));
  }
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  // npm alone takes ten seconds where other tests have the CPUs.
}, 60_000);

afterAll(() => {
  place.remove();
});

describe('the package', () => {
  it('holds the built program and its documents, and nothing of the workshop', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        ...['LICENSE', 'README.md', 'package.json', 'dist/cli/main.js'],
        ...['dist/summaries.json', 'dist/man/swaplab.1', 'dist/man/swaplab-run.1'],
      ]),
    );
    const documents = ['LICENSE', 'README.md', 'package.json', 'dist/cli/licences.txt'];
    const strangers = files.filter(
      (path) =>
        !documents.includes(path) &&
        !/^dist\/cli\/(main|parts\/[\w-]+)\.js$/.test(path) &&
        !/^dist\/src\/.*\.(js|d\.ts)$/.test(path) &&
        !/^dist\/(man\/swaplab(-[a-z]+)?\.1|summaries\.json)$/.test(path) &&
        !/^(src|fixtures)\/.*\.md$/.test(path) &&
        !/^fixtures\/(published|kernel|scenarios|sweeps)\/.*\.json$/.test(path) &&
        !/^fixtures\/(sweeps|traces)\/.*\.trace$/.test(path) &&
        !/^fixtures\/memory-traces\/.*\.csv$/.test(path) &&
        !/^scripts\/kernel-capture\/[a-z]+\.(mjs|c|md)$/i.test(path),
    );
    expect(strangers).toEqual([]);
    expect(files.filter((path) => /test|node_modules|\.tsbuildinfo/.test(path))).toEqual([]);
    expect(bytes).toBeLessThan(PACKED_BYTES_MAX);
  });

  it('brings the licences of the libraries that are part of the program', () => {
    const text = readFileSync(join(installed, 'dist/cli/licences.txt'), 'utf8');
    const names = text.split(/^-{80}$/m).map((part) => part.trim().split('\n')[0]!);
    // commander is in every command's part; what has a binary stands beside the program.
    expect(names).toContain('commander');
    expect(names).not.toContain('better-sqlite3');
    // What the code was made from stand in the source maps of the build, which are not packed.
    const sources = files
      .filter((path) => /^dist\/cli\/.*\.js$/.test(path))
      .map((path) => join(project, `${path}.map`))
      // A part that only hands on what others have has none.
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path, 'utf8'))
      .flatMap((map) => (JSON.parse(map) as { readonly sources: string[] }).sources);
    const libraries = sources.flatMap(
      (source) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? [],
    );
    expect(names.sort()).toEqual([...new Set(libraries)].sort());
  });

  it('has every file that its manifest names', () => {
    const named = [
      manifest.bin.swaplab,
      ...Object.values(manifest.exports).flatMap((target) =>
        typeof target === 'string' ? [target] : Object.values(target),
      ),
    ];
    expect(named.length).toBeGreaterThanOrEqual(4);
    expect(named.filter((path) => !existsSync(join(installed, path)))).toEqual([]);
  });

  it('has every file that the documents in it link to', () => {
    const missing = files
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => {
        const text = readFileSync(join(installed, path), 'utf8');
        return [...text.matchAll(/\]\((?!https:)([^)#:]+)[^)]*\)/g)]
          .map((match) => join(path, '..', match[1]!))
          .filter((target) => !existsSync(join(installed, target)));
      });
    expect(missing).toEqual([]);
  });

  it('has the fixtures that its commands are shown with, but for the one that it says it has not', () => {
    const text = readFileSync(join(installed, 'README.md'), 'utf8');
    const named = new Set(text.match(/\bfixtures\/[\w/-]+\.\w+(\.gz)?/g));
    expect(named.size).toBeGreaterThanOrEqual(6);
    const [, exception] = /a trace that only the checkout has, `([^`]+)`/.exec(text)!;
    expect([...named].filter((path) => !existsSync(join(installed, path)))).toEqual([exception]);
  });

  it('is imported by its name, and keeps its inside to itself', () => {
    const script = `
      const { parseSpec } = await import('swaplab');
      console.log(typeof parseSpec);
      await import('swaplab/package.json', { with: { type: 'json' } });
      await import('swaplab/dist/cli/main.js').catch((error) => console.log(error.code))`;
    const { stdout } = node('--no-warnings', '--input-type=module', '-e', script);
    expect(stdout.trim().split('\n')).toEqual(['function', 'ERR_PACKAGE_PATH_NOT_EXPORTED']);
  });

  it('brings types that a strict TypeScript project reads', () => {
    const source = (argument: string): string =>
      `import { parseSpec, type RunSpec } from 'swaplab';\n` +
      `export const spec: RunSpec = parseSpec({}, ${argument});\n`;
    place.write('right.mts', source("'here'"));
    place.write('wrong.mts', source('7'));
    const compiler = join(project, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    const { stdout } = node(compiler, ...options, 'right.mts', 'wrong.mts');
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^wrong\.mts\(2,\d+\): error TS2345/),
    ]);
  });
});

describe('the installed program', () => {
  it('runs through the link that npm makes for it', () => {
    const link = place.path('swaplab');
    symlinkSync(join(installed, manifest.bin.swaplab), link);
    expect(readFileSync(link, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    expect(node(link, '--version')).toMatchObject({
      code: 0,
      stdout: `swaplab ${manifest.version}\n`,
    });
  });

  it('finds the scenarios that it brings along, wherever it is called', () => {
    const { code, stdout } = node(join(installed, manifest.bin.swaplab), 'compare', '--scenarios');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^no-swapfile +zswap with no disk at all$/m);
  });

  it('does the main job: demo prints its table, finds every page right and stores the run', () => {
    const program = join(installed, manifest.bin.swaplab);
    const { code, stdout, stderr } = node(program, 'demo', '--quiet');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^verified +24,576 pages compared byte for byte, 0 mismatches$/m);
    for (const row of ['pages out', 'pages in', 'zswap', 'compression', 'written to disk'])
      expect(stdout).toMatch(new RegExp(`^${row} +.*[1-9]`, 'm'));
    expect(stdout).toMatch(/^written back +[1-9][\d,]* pages in [1-9]/m);
    // One row per area: the file, which is written to, and the ghost, which never is.
    expect(stdout).toMatch(/^.*file\.swap +file .*$/m);
    expect(stdout).toMatch(/^.*ghost\.swap +ghost .*$/m);
    expect(stdout).toContain('Stored as run 1 in');
    expect(node(program, 'runs', 'ls').stdout).toMatch(/^ +1 +done .*demo$/m);
  });

  it('compares designs and tells of a run by its number', () => {
    const program = join(installed, manifest.bin.swaplab);
    const trace = place.write('t.trace', 'pages 512\nW 0 512 seq 512 1 spread\n');
    const line = ['--trace', trace, '--memory', '1M', '--swap', '4M', '--zswap', '--db', 'c.db'];
    const compared = node(program, 'compare', '--designs', 'swap-table,vswap', ...line, '-q');
    expect([compared.code, compared.stderr]).toEqual([0, '']);
    expect(compared.stdout).toMatch(/ +swap-table +vswap$/m);
    const shown = node(program, 'runs', 'show', '2', '--db', 'c.db');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^ *design +vswap$/m);
  });

  it('names the files of its sources in a trace of a bug, where their maps are', () => {
    const script = `
      const { main } = await import(${JSON.stringify(join(project, 'dist/cli/main.js'))});
      String.prototype.padEnd = () => { throw new TypeError('broken') };
      process.exitCode = await main(['--help']);`;
    const { stderr } = node('--enable-source-maps', '--input-type=module', '-e', script);
    expect(stderr).toMatch(/TypeError: broken[^]*\/cli\/main\.ts:\d+/);
  });
});
