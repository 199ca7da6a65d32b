// SPDX-License-Identifier: MIT
/**
 * Two bisections of a kernel's commits, with a whole build and a dozen small ones: twenty minutes on two cores.
 * `npx vitest run --project nightly`
 */
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecipe } from '../kernel/recipe.ts';
import { findSource, requireSource } from '../kernel/source-tree.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { sha256 } from '../process/file-hash.ts';
import { FileLock } from '../process/file-lock.ts';
import { runCommand } from '../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { readEnvironment } from './environment.ts';
import { runSub1m } from '../testing/run-sub1m.ts';
import { stderrLog } from './stderr-log.ts';

/** A history of 16 commits on top of the two-phase series; commits are counted from 1. */
interface History {
  readonly fault: string;
  readonly faultAt: number;
  /** The commits that do not build, one of them in the middle; the next one after them mends it. */
  readonly unbuilt: readonly number[];
  readonly question: readonly string[];
}

const LOCKED = ['--layout', 'thread-2021', '--crashkernel', '192M'];

const HISTORIES: readonly History[] = [
  {
    fault: 'boot-services-freed',
    faultAt: 4,
    unbuilt: [6, 8],
    question: ['--invariant', 'lowmem.locked', ...LOCKED],
  },
  {
    fault: 'pool-never-released',
    faultAt: 15,
    unbuilt: [8, 9],
    question: ['--invariant', 'lowmem.released'],
  },
];

const COMMITS = 16;
const PATCHES = join(import.meta.dirname, '../../images/patches');
const BROKEN_LINE = 'int sub1m_test(void) { return no_such_function; }\n';

/** Files that commits change in turn, each compiled in a moment. */
const FILES = [
  'arch/x86/kernel/setup.c',
  'arch/x86/realmode/init.c',
  'init/main.c',
  'mm/memblock.c',
];

const { signal } = new AbortController();
const context = { ...readEnvironment(process.env), signal, log: stderrLog };

let temp: TempDir;
let tree: string;

function git(...args: readonly string[]): Promise<string> {
  const author = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'gc.auto=0'];
  return runCommand(['git', '-C', tree, ...author, ...args], { signal });
}

async function commit(subject: string): Promise<void> {
  await git('commit', '--quiet', '--all', '--message', subject);
}

/** Makes a repository of the source as Debian has it, with the two-phase series as the commit `base`. */
async function makeRepository(): Promise<void> {
  await mkdir(tree);
  await git('init', '--quiet', '--initial-branch=main');
  const { source, patches } = await readRecipe('two-phase-6.12');
  if (source.kind !== 'package') throw new Error('Expected a package');
  const { name, version } = source;
  const unpacked = await requireSource(await findSource(name, version, context), context);
  // Files that patches have touched there, as they were.
  const original = join(unpacked.folder, 'original');
  await using held = new CleanupStack();
  const lock = `${unpacked.folder}.lock`;
  held.use(await FileLock.acquire(lock, { signal, onWait: () => {} }));
  await git(`--work-tree=${unpacked.tree}`, 'add', '--all', '--force', '.');
  if (existsSync(original)) {
    await git(`--work-tree=${original}`, 'add', '--ignore-removal', '--force', '.');
  }
  await git('commit', '--quiet', '--message', 'The source');
  await git('reset', '--quiet', '--hard');
  for (const patch of patches) await git('apply', '--index', patch);
  await commit('The two-phase series');
  await git('tag', 'base');
}

async function makeBranch({ fault, faultAt, unbuilt }: History): Promise<void> {
  await git('checkout', '--quiet', '-b', fault, 'base');
  const breakable = join(tree, 'mm/memblock.c');
  for (let number = 1; number <= COMMITS; number++) {
    const file = FILES[number % FILES.length] ?? '';
    const text = await readFile(breakable, 'utf8');
    if (number === faultAt) {
      await git('apply', join(PATCHES, 'faults', `${fault}.patch`));
      await commit(fault);
    } else if (unbuilt.includes(number)) {
      await appendFile(breakable, BROKEN_LINE);
      await commit(`unbuilt ${number}`);
    } else {
      await writeFile(breakable, text.replaceAll(BROKEN_LINE, ''));
      await appendFile(join(tree, file), `\n/* ${number} */\n`);
      await commit(`sound ${number}`);
    }
  }
}

beforeAll(async () => {
  temp = await makeTempDir();
  tree = join(temp.path, 'linux');
  await makeRepository();
}, 20 * 60_000);

afterAll(async () => {
  // What sub1m built of this tree, which nobody will build again.
  await rm(join(context.cacheDir, 'trees', sha256(tree)), { recursive: true, force: true });
  await temp[Symbol.asyncDispose]();
  // A tree and its objects are some hundred thousand files.
}, 5 * 60_000);

describe('sub1m bisect --tree', { timeout: 90 * 60_000 }, () => {
  it.each(HISTORIES)(
    'names $fault among 16 commits, of which two do not build',
    async (history) => {
      const { fault, unbuilt, question } = history;
      await makeBranch(history);
      const folders = ['--state', join(temp.path, 'state'), '--results', join(temp.path, fault)];
      const range = ['--tree', tree, '--good', 'base', '--bad', fault];
      const args = ['bisect', ...range, ...question, ...folders, '--budget', '3', '--json'];
      const { status, stdout, stderr } = await runSub1m(args);
      if (stdout === '') throw new Error(stderr);
      const { outcome, answers, proof, log } = parseDocument('bisect', stdout);
      expect(outcome).toMatchObject({ kind: 'found', first: { subject: fault } });
      expect(proof?.kind).toBe('proven');
      const skipped = answers
        .filter(({ answer }) => answer === 'skip')
        .map(({ subject }) => subject);
      // Which of two commits as near the middle git asks for depends on their ids.
      expect(skipped).not.toEqual([]);
      expect(unbuilt.map((number) => `unbuilt ${number}`)).toEqual(expect.arrayContaining(skipped));
      await writeFile(join(temp.path, 'log'), log ?? '');
      expect(await git('bisect', 'replay', join(temp.path, 'log'))).toContain('first bad commit');
      await git('bisect', 'reset');
      expect(status).toBe(0);
    },
  );
});
