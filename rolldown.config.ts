/**
 * The program as it is shipped: cli/ and what it uses of src/ and of the libraries, in a few files of
 * which a command loads those that it needs. As one file per module (300, and 95 of zod's) finding
 * and linking them was most of the time that a command took to start. What a program that imports
 * swaplab gets is dist/src, by tsc.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  defineConfig,
  type OutputBundle,
  type OutputChunk,
  type Plugin,
  type RolldownOptions,
} from 'rolldown';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const PROGRAM = join(ROOT, 'dist/cli');

/** Libraries with a binary, which they look for beside themselves. */
const NATIVE = /^(better-sqlite3|lz4-napi|@node-rs\/xxhash|@cloudpss\/zstd)(\/|$)/;

/** The folder of the library that a module belongs to, up to the last node_modules. */
const LIBRARY = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Licences ask to go where the code goes. */
const licences: Plugin = {
  name: 'licences',
  generateBundle(_options, bundle) {
    // Of a module that nobody uses nothing is shipped.
    const modules = chunksOf(bundle).flatMap((chunk) =>
      Object.entries(chunk.modules).flatMap(([id, { renderedLength }]) =>
        renderedLength > 0 ? [id] : [],
      ),
    );
    const libraries = new Set(modules.flatMap((id) => LIBRARY.exec(id) ?? []));
    const texts = [...libraries].sort().map((folder) => {
      const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
      if (file === undefined) this.error(`${folder} has no licence to ship`);
      const name = folder.split('/node_modules/').at(-1)!;
      return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    });
    this.emitFile({
      type: 'asset',
      fileName: 'licences.txt',
      source: texts.join(`\n${'-'.repeat(80)}\n\n`),
    });
  },
};

/**
 * Writes what has changed and takes away what is left of earlier builds: a program that runs while
 * it is built finds its files whole.
 */
const inPlace: Plugin = {
  name: 'in-place',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const wanted = new Set(Object.keys(bundle));
      for (const file of listFiles(PROGRAM)) if (!wanted.has(file)) rmSync(join(PROGRAM, file));
      for (const [name, output] of Object.entries(bundle)) {
        const path = join(PROGRAM, name);
        const content = output.type === 'chunk' ? output.code : output.source;
        if (existsSync(path) && readFileSync(path).equals(Buffer.from(content)))
          Reflect.deleteProperty(bundle, name);
      }
    },
  },
};

function chunksOf(bundle: OutputBundle): OutputChunk[] {
  return Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? [output] : []));
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.filter((entry) => statSync(join(folder, entry)).isFile());
}

const config: RolldownOptions = defineConfig({
  input: { main: 'cli/main.ts' },
  platform: 'node',
  external: NATIVE,
  plugins: [licences, inPlace],
  output: {
    dir: PROGRAM,
    entryFileNames: '[name].js',
    chunkFileNames: 'parts/[name]-[hash].js',
    // `node --enable-source-maps` names our files; plain traces name functions, nothing is mangled.
    sourcemap: true,
    sourcemapExcludeSources: true,
    // Reading over them is a good part of what a start still costs.
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});

export default config;
