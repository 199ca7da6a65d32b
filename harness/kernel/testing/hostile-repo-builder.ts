// SPDX-License-Identifier: MIT
/** Makes for tests a git repository hostile: its configuration names a program wherever git takes one. */
import { appendFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitLine, testGit } from './kernel-repo-builder.ts';

/** A repository whose configuration runs programs, each of which leaves a file of its name. */
export interface HostileRepo {
  /** The names of the programs that were run since it was made. */
  programsRun(): Promise<string[]>;
}

const HOOKS = [
  'post-checkout',
  'post-index-change',
  'pre-commit',
  'reference-transaction',
  'sendemail-validate',
];

/** Settings that name a program. */
const PROGRAMS = [
  'core.askPass',
  'core.editor',
  'core.fsmonitor',
  'core.pager',
  'core.sshCommand',
  'credential.helper',
  'diff.external',
  'diff.evil.command',
  'diff.evil.textconv',
  'filter.evil.clean',
  'filter.evil.smudge',
  'filter.=e=v.il=.clean',
  'filter.=e=v.il=.smudge',
  'filter.long.process',
  'gpg.program',
  'merge.evil.driver',
  'pager.log',
];

const ATTRIBUTES = [
  '* diff=evil merge=evil',
  'init/* filter==e=v.il=',
  'Makefile filter=evil',
  'Kbuild filter=long',
];

/**
 * Makes the repository at `tree` hostile, and its submodule `sub`, which it gets; `folder` is for the programs and what
 * they leave. Its last commit is signed, after a fashion.
 */
export async function makeHostile(tree: string, folder: string): Promise<HostileRepo> {
  const proofs = join(folder, 'proofs');
  await mkdir(proofs, { recursive: true });
  const program = async (name: string, then = 'exec cat'): Promise<string> => {
    const path = join(folder, name);
    const proof = join(proofs, name);
    await writeFile(path, `#!/bin/sh\n: >'${proof}'\n${then}\n`, { mode: 0o755 });
    return path;
  };
  await writeFile(join(tree, '.gitattributes'), `${ATTRIBUTES.join('\n')}\n`);
  await makeSubmodule(join(tree, 'sub'), await program('submodule'));
  await commitLine(tree, 'init/main.sh', '# hostile');
  await signHead(tree);
  for (const name of HOOKS) await program(name);
  const set = (name: string, value: string): Promise<string> =>
    testGit(tree, 'config', name, value);
  for (const name of PROGRAMS) await set(name, await program(name));
  await set('core.hooksPath', folder);
  await set('log.showSignature', 'true');
  await set('color.ui', 'always');
  await set('submodule.recurse', 'true');
  await set('filter.long.required', 'true');
  // A filter of a file that the configuration includes.
  const included = join(folder, 'included');
  await writeFile(
    included,
    `[filter "evil"]\n\tprocess = ${await program('included-process', 'exit 1')}\n`,
  );
  await set('include.path', included);
  await makePartial(set, await program('remote', 'exit 1'));
  return { programsRun: async () => (await readdir(proofs)).toSorted() };
}

/** A submodule with a filter of its own, and a change that only the filter can tell from none. */
async function makeSubmodule(path: string, clean: string): Promise<void> {
  await mkdir(path);
  await testGit(path, 'init', '--quiet', '--initial-branch=main');
  await writeFile(join(path, '.gitattributes'), '* filter=own\n');
  await commitLine(path, 'file', 'one');
  await testGit(path, 'config', 'filter.own.clean', clean);
  await writeFile(join(path, 'file'), 'two\n');
}

/** A partial clone, whose missing objects git fetches by running a program. */
async function makePartial(
  set: (name: string, value: string) => Promise<string>,
  program: string,
): Promise<void> {
  await set('core.repositoryFormatVersion', '1');
  await set('extensions.partialClone', 'origin');
  await set('remote.origin.promisor', 'true');
  await set('remote.origin.url', `ext::${program} %S x`);
  await set('protocol.ext.allow', 'always');
}

/** Replaces the last commit by one with a signature that gpg would be asked about. */
async function signHead(tree: string): Promise<void> {
  const commit = await testGit(tree, 'cat-file', 'commit', 'HEAD');
  const lines = ['-----BEGIN PGP SIGNATURE-----', '', 'iQ==', '-----END PGP SIGNATURE-----'];
  const signature = `gpgsig ${lines.join('\n ')}\n`;
  const path = join(tree, '.git/signed-commit');
  await writeFile(path, commit.replace(/^(committer .*\n)/m, `$1${signature}`));
  await appendFile(path, '\n');
  const id = await testGit(tree, 'hash-object', '-t', 'commit', '-w', path);
  await testGit(tree, 'reset', '--quiet', id);
}
