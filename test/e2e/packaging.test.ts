/** The package as `npm pack` makes it, unpacked where `npm install` would put it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './swaplab.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly version: string;
  readonly bin: { readonly swaplab: string };
  readonly exports: Record<string, string | { readonly types: string; readonly default: string }>;
}

let place: Workplace;
let installed: string;
let files: readonly string[];
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

beforeAll(() => {
  place = new Workplace();
  // Without scripts: the program is built already, and other tests are running it.
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', place.folder],
    { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [tarball] = JSON.parse(packed) as { filename: string; files: { path: string }[] }[];
  files = tarball!.files.map((file) => file.path);
  installed = place.path('node_modules/swaplab');
  mkdirSync(installed, { recursive: true });
  const archive = place.path(tarball!.filename);
  execFileSync('tar', ['-xzf', archive, '-C', installed, '--strip-components=1']);
  // What `npm install` would fetch and compile.
  symlinkSync(join(project, 'node_modules'), join(installed, 'node_modules'));
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
});

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
    const documents = ['LICENSE', 'README.md', 'package.json', 'src/README.md'];
    const strangers = files.filter(
      (path) =>
        !documents.includes(path) &&
        !/^dist\/(cli|src)\/.*\.(js|d\.ts|json)$/.test(path) &&
        !/^dist\/(man\/swaplab(-[a-z]+)?\.1|summaries\.json)$/.test(path) &&
        !/^(src|fixtures)\/.*\.md$/.test(path) &&
        !/^fixtures\/(published|kernel|scenarios)\/.*\.json$/.test(path) &&
        !/^scripts\/kernel-capture\/[a-z]+\.(mjs|c|md)$/i.test(path),
    );
    expect(strangers).toEqual([]);
    expect(files.filter((path) => /test|node_modules|\.tsbuildinfo/.test(path))).toEqual([]);
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
        return [...text.matchAll(/\]\(([^)#:]+)[^)]*\)/g)]
          .map((match) => join(path, '..', match[1]!))
          .filter((target) => !existsSync(join(installed, target)));
      });
    expect(missing).toEqual([]);
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
});
