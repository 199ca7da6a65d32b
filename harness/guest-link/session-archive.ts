// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { PackageError } from '../errors.ts';
import { adoptFiles } from '../process/cache-adopt.ts';
import { cachedFolder } from '../process/cache.ts';
import { sha256 } from '../process/file-hash.ts';
import { projectPath } from '../project-root.ts';
import { type GuestImageOptions, hashesOf, installSame, packArchive } from './initramfs.ts';

const SESSION = projectPath('guest/session');

/** The packages that contain `SSH_FILES`. */
export const SSH_PACKAGES = {
  // Dropbear and its libraries have been tried in this release's versions.
  release: 'bookworm',
  names: [
    'dropbear-bin',
    'openssh-sftp-server',
    'libc6',
    'libcrypt1',
    'libgmp10',
    'libtomcrypt1',
    'libtommath1',
    'zlib1g',
  ],
} as const;

/**
 * The files of these packages that go into the guest; the libraries are kept apart from those of
 * the agent's tools.
 */
const SSH_FILES = {
  shell: ['dropbear', 'sftp-server'],
  'shell/lib': [
    'ld-linux-x86-64.so.2',
    'libc.so.6',
    'libcrypt.so.1',
    'libgmp.so.10',
    'libtomcrypt.so.1',
    'libtommath.so.1',
    'libz.so.1',
  ],
} as const;

/**
 * The archive that adds the agent's commands for people (guest/session) to an initramfs, built once and cached by
 * content. `ssh` is the folder with the unpacked `SSH_PACKAGES`; without it there is no SSH server.
 */
export async function requireSessionArchive(
  ssh: string | undefined,
  options: GuestImageOptions,
): Promise<string> {
  const files = new Map([['shell/session', SESSION]]);
  if (ssh !== undefined) await findSshFiles(ssh, files);
  const hashes = await hashesOf([...files.values()]);
  const key = sha256([...files.keys(), ...hashes.values()].join());
  const build = async (building: string): Promise<void> => {
    const root = join(building, 'root');
    for (const [place, from] of files) {
      await installSame([from, hashes.get(from) ?? ''], join(root, place));
    }
    await packArchive(root, join(building, 'session.cpio'), options);
    await rm(root, { recursive: true });
  };
  const kept = { ...options, adopt: adoptFiles };
  const folder = await cachedFolder(join(options.cacheDir, 'guest-session', key), build, kept);
  return join(folder, 'session.cpio');
}

/** Adds where each of `SSH_FILES` is found, by its place in the guest. */
async function findSshFiles(tree: string, files: Map<string, string>): Promise<void> {
  const all = await readdir(tree, { recursive: true });
  for (const [place, names] of Object.entries(SSH_FILES)) {
    for (const name of names) {
      const found = all.find((path) => basename(path) === name);
      if (found === undefined) throw new PackageError(`Cannot use ${tree}: it has no ${name}`);
      files.set(join(place, name), join(tree, found));
    }
  }
}
