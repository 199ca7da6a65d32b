// SPDX-License-Identifier: MIT
/**
 * Compiles `harness/` into `dist/`: the program, the public API, and each module that is loaded in a thread.
 *
 *   node scripts/build.mjs            keeps the files of recent builds: programs may still run from them
 *   node scripts/build.mjs --prune    keeps only this build
 *
 * `scripts/build.sh` calls it, under a lock.
 */
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const ENTRY_POINTS = ['cli/main', 'index'];
/** What is copied as it is: what Node reads first, and the parts of an HTML report that are no HTML. */
const COPIED = ['cli/start.cjs', 'report/html/page.css', 'report/html/page.js'];
/** The one package that is compiled in: it has a hundred files, which take a tenth of a second to load. */
const BUNDLED = 'zod';
/** Named for their content, so that a running program keeps the chunks it started with. */
const CHUNKS = 'chunks/[name]-[hash]';
/** Its time is when the build began: later changes are not in it. */
const STAMP = 'dist/.stamp';
/** Longer than any program runs. */
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

process.chdir(join(import.meta.dirname, '..'));
mkdirSync('dist', { recursive: true });
writeFileSync(`${STAMP}.new`, '');
const files = await compile();
// Chunks come before what imports them, the stamp comes last.
for (const file of files.filter(isChunk)) install(file);
for (const file of files.filter((each) => !isChunk(each))) install(file);
for (const name of COPIED)
  install({ path: `dist/${name}`, contents: readFileSync(`harness/${name}`) });
const copies = COPIED.map((name) => join(process.cwd(), 'dist', name));
prune(
  new Set([...files.map(({ path }) => path), ...copies]),
  process.argv.includes('--prune') ? 0 : WEEK_MS,
);
renameSync(`${STAMP}.new`, STAMP);

async function compile() {
  const modules = new Set([...ENTRY_POINTS, ...threadModules()]);
  const manifest = /** @type {{ dependencies: Record<string, string> }} */ (
    JSON.parse(readFileSync('package.json', 'utf8'))
  );
  const { outputFiles } = await build({
    entryPoints: [...modules].map((name) => `harness/${name}.ts`),
    outbase: 'harness',
    outdir: 'dist',
    chunkNames: CHUNKS,
    write: false,
    bundle: true,
    splitting: true,
    external: Object.keys(manifest.dependencies).filter((name) => name !== BUNDLED),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
  return outputFiles;
}

/** The arguments of `threadModule()`: no import leads to these modules. */
function threadModules() {
  const sources = filesIn('harness').filter((path) => /(?<!\.test)\.ts$/.test(path));
  return sources
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/\bthreadModule\('([^']+)'\)/g)])
    .map(([, name]) => name);
}

/** @param {{ path: string }} file */
function isChunk({ path }) {
  return path.includes('/dist/chunks/');
}

/** @param {{ path: string, contents: Uint8Array }} file */
function install({ path, contents }) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, contents);
  renameSync(`${path}.new`, path);
}

/**
 * Removes old files of earlier builds.
 *
 * @param {ReadonlySet<string>} kept
 * @param {number} ageMs
 */
function prune(kept, ageMs) {
  for (const file of filesIn('dist').filter((path) => /\.js(\.map)?$/.test(path))) {
    const isOld = statSync(file).mtimeMs <= Date.now() - ageMs;
    if (isOld && !kept.has(join(process.cwd(), file))) rmSync(file);
  }
}

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
