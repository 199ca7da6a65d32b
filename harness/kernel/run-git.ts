// SPDX-License-Identifier: MIT
/**
 * The one place that runs git. A tree may come from a stranger, with its `.git/config`: git then runs no program that it
 * names, fetches nothing, and prints what we expect. Which trees git reads at all (`safe.directory`), and which files it
 * ignores, stays as the user has it.
 */
import { type RunOptions, runCommand } from '../process/owned-process.ts';

type Setting = readonly [name: string, value: string];

/** Whatever the configuration says of these (git-config(1)); git passes them on to submodules. */
const SETTINGS: readonly Setting[] = [
  // Programs that git runs when it writes an index or a ref.
  ['core.hooksPath', '/dev/null'],
  // A program that says which files have changed.
  ['core.fsmonitor', 'false'],
  // A program that shows what we read; those that make a diff of their own are off with --no-ext-diff.
  ['core.pager', 'cat'],
  // Gpg's words would be among the commits, and gpg.program would be run.
  ['log.showSignature', 'false'],
  // An index of ours would depend on files in the user's .git.
  ['core.splitIndex', 'false'],
  // A build needs all files.
  ['core.sparseCheckout', 'false'],
  // A submodule has a configuration of its own, with filters of its own.
  ['submodule.recurse', 'false'],
  ['diff.ignoreSubmodules', 'all'],
  // Git apply wants a/ and b/, and what a patch says must be there letter for letter.
  ['diff.noprefix', 'false'],
  ['diff.mnemonicPrefix', 'false'],
  ['apply.ignoreWhitespace', 'none'],
  // A colour is no part of a subject.
  ['color.ui', 'false'],
  // A cut in a mail's text is part of it.
  ['mailinfo.scissors', 'false'],
  // What git writes is on disk before it is named: an empty object would be taken for the file.
  ['core.fsync', 'loose-object,index'],
  // Nothing asks the user or a program for a password.
  ['credential.helper', ''],
];

/** Variables (git(1)); undefined takes one away that the user's environment may have. */
const ENVIRONMENT: Readonly<Record<string, string | undefined>> = {
  LC_ALL: 'C',
  // The user's index is not written to refresh it.
  GIT_OPTIONAL_LOCKS: '0',
  // An object that a partial clone lacks is not fetched: any URL could be told to run a program (git-remote-ext(1)).
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: '',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  GIT_EXTERNAL_DIFF: undefined,
  // Git sets them for what it runs, such as `git bisect run`: they would lead away from the tree that is named.
  GIT_DIR: undefined,
  GIT_COMMON_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_OBJECT_DIRECTORY: undefined,
  GIT_ALTERNATE_OBJECT_DIRECTORIES: undefined,
  GIT_NAMESPACE: undefined,
  GIT_PREFIX: undefined,
};

/** What runs a program for each file with an attribute `filter=<name>` (gitattributes(5)), and whether it must work. */
const FILTER_SETTINGS: readonly Setting[] = [
  ['clean', ''],
  ['smudge', ''],
  ['process', ''],
  ['required', 'false'],
];

/** Variables that hold the values above: a name of a filter may have a `=`, which `-c` does not take. */
const FILTER_VARIABLE = 'SUB1M_FILTER_';

/** How git is run. */
export interface GitOptions extends Omit<RunOptions, 'cwd' | 'inherit'> {
  /** The path of a file for its standard input. */
  readonly input?: string;
}

/** Runs git in a folder and returns its standard output. Throws like `runCommand`. */
export async function runGit(
  where: string,
  args: readonly string[],
  options: GitOptions,
): Promise<string> {
  return run(where, [...filtersOff(await filterNames(where, options)), ...args], options);
}

/** The filters that the configuration names, of the tree, the user and the host. */
export async function filterNames(where: string, options: GitOptions): Promise<string[]> {
  const { input: _, ...others } = options;
  const asked = ['config', '--null', '--name-only', '--get-regexp', String.raw`^filter\.`];
  const keys = await run(where, asked, { ...others, okExitCodes: [0, 1, 128] });
  const names = keys.split('\0').map((key) => /^filter\.(.+)\.[^.]*$/s.exec(key)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

function run(
  where: string,
  args: readonly string[],
  { input, env, ...options }: GitOptions,
): Promise<string> {
  const settings = SETTINGS.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const argv = ['git', '-C', where, '--no-pager', ...settings, ...args];
  const variables = Object.fromEntries(
    FILTER_SETTINGS.map(([name, value]) => [FILTER_VARIABLE + name, value]),
  );
  return runCommand(input === undefined ? argv : ['sh', '-c', 'exec "$@" <"$0"', input, ...argv], {
    ...options,
    env: { ...ENVIRONMENT, ...variables, ...env },
  });
}

function filtersOff(names: readonly string[]): string[] {
  return names.flatMap((name) =>
    FILTER_SETTINGS.map(([key]) => `--config-env=filter.${name}.${key}=${FILTER_VARIABLE}${key}`),
  );
}
