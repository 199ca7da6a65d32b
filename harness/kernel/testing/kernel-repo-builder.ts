// SPDX-License-Identifier: MIT
/** Builds for tests a git repository of what sub1m takes for the source of a kernel. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../process/owned-process.ts';
import { writeKernelTree } from './kernel-tree-builder.ts';

const { signal } = new AbortController();

const AUTHOR = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];

/** Runs git in a test's repository, and returns what it prints. */
export function testGit(tree: string, ...args: readonly string[]): Promise<string> {
  return runCommand(['git', '-C', tree, ...AUTHOR, ...args], { signal });
}

/** Adds a line to a file of the tree and commits everything; returns the id of the commit. */
export async function commitLine(tree: string, path: string, line: string): Promise<string> {
  await appendFile(join(tree, path), `${line}\n`);
  await testGit(tree, 'add', '--all');
  await testGit(tree, 'commit', '--quiet', `--message=${path}: ${line}`);
  return testGit(tree, 'rev-parse', 'HEAD');
}

/** Makes such a tree at `tree` with two commits: the tree, and a line at the end of `init/main.sh`. */
export async function makeKernelRepo(tree: string): Promise<void> {
  await writeKernelTree(tree);
  await testGit(tree, 'init', '--quiet', '--initial-branch=main');
  await commitLine(tree, '.gitignore', '*.o');
  await commitLine(tree, 'init/main.sh', '# one');
}
