// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import suites from '../../images/suites/debian.json' with { type: 'json' };
import { HostError, PackageError, ProcessError } from '../errors.ts';
import type { Log } from '../log.ts';
import { whileThereIsRoom } from '../process/disk-room.ts';
import { runCommand } from '../process/owned-process.ts';
import type { Mirror } from './debian-mirror.ts';
import type { PackageRecord } from './package-records.ts';
import { replaceFile } from '../process/replace-file.ts';

/** The host's apt with a configuration, lists and locks of its own in `folder`. */
export interface AptClient {
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** A package list that has arrived, verified by apt. */
interface PackageList {
  readonly suite: string;
  /** The archive that its file names are relative to. */
  readonly base: string;
  readonly path: string;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const APT_HELPER = '/usr/lib/apt/apt-helper';

/** Fails if any suite fails, so that this can be logged; builds no index of all packages. */
const UPDATE = ['apt-get', '-qq', '--error-on=any', '-o', 'pkgCacheFile::Generate=false', 'update'];

/**
 * Settings that decide whether a mirror is reached at all: proxies, certificates, address families.
 */
const REACH_SETTING = /^Acquire::(?:https?|Retries|ForceIPv[46])\b/;

/**
 * The packages kept of each list: kernels, their parts and sources, OVMF for x86_64, an SSH server
 * with its libraries.
 */
const KEPT_PACKAGES = [
  'linux-(image|binary|modules|base|source)-[0-9u]',
  String.raw`ovmf(-generic)?\n`,
  String.raw`(dropbear-bin|openssh-sftp-server|libc6|libcrypt1|libgmp10|libtomcrypt1|libtommath1|zlib1g)\n`,
].join('|');

/** A shell pipeline: the packages kept of the list "$1". */
const KEPT_PARAGRAPHS = String.raw`${APT_HELPER} cat-file "$1" |
  awk -v RS= -v ORS='\n\n' '/^Package: (${KEPT_PACKAGES})/'`;

/** Writes the client's configuration. Throws `HostError` if the host cannot verify Debian's signatures. */
export async function configureApt(client: AptClient, mirror: Mirror): Promise<void> {
  if (!existsSync(KEYRING)) {
    throw new HostError(
      `Cannot verify Debian's packages: ${KEYRING} is missing; install debian-archive-keyring`,
    );
  }
  const { folder, signal } = client;
  const host = await runCommand(['apt-config', 'dump'], { signal });
  await mkdir(join(folder, 'state/lists/partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  await replaceFile(join(folder, 'dpkg-status'), '');
  await replaceFile(join(folder, 'sources.list'), aptSources(mirror));
  await replaceFile(configPath(folder), aptConfig(folder, host));
}

/**
 * The sources of every suite that `images/suites/` names. Signatures and hashes are verified, but not
 * that a list is recent (`check-valid-until`): old kernels are the point, and mirrors keep suites past
 * their date.
 */
export function aptSources({ archive, security }: Mirror): string {
  const line = (base: string, suite: string): string =>
    `deb [arch=amd64 check-valid-until=no signed-by=${KEYRING}] ${base} ${suite} main\n`;
  return [
    ...suites.archive.map((suite) => line(archive, suite)),
    ...suites.security.map((suite) => line(security, suite)),
  ].join('');
}

/** The client's configuration; of the host's own (`apt-config dump`), only how to reach mirrors. */
export function aptConfig(folder: string, host: string): string {
  const reach = host.split('\n').filter((line) => REACH_SETTING.test(line));
  return `Dir "${folder}";
Dir::State "state";
Dir::State::status "${folder}/dpkg-status";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::trustedparts "/dev/null";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Cache "cache";
// Nothing here needs apt's own index of all packages, which takes 230 MB and seconds.
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
// 100 MB of lists instead of 280.
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Acquire::PDiffs "false";
APT::Architecture "amd64";
// Apt's own user cannot write to a cache that root owns.
APT::Sandbox::User "root";
${reach.join('\n')}
`;
}

/**
 * Updates the lists; a second program waits for the first. A suite that the mirror does not have is
 * left out. Throws `PackageError` if no list arrives.
 */
export async function updateLists(client: AptClient): Promise<readonly PackageList[]> {
  let trouble: ProcessError | undefined;
  try {
    await runApt(client, ['flock', '--no-fork', join(client.folder, 'lock'), ...UPDATE]);
  } catch (error) {
    // One missing suite is enough for exit status 100; the targets tell which have arrived.
    if (!(error instanceof ProcessError)) throw error;
    client.log.debug(error.message);
    trouble = error;
  }
  const format = '$(RELEASE) $(REPO_URI) $(FILENAME)';
  const argv = ['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'];
  const lists = parseTargets(await runApt(client, argv));
  if (lists.length > 0) return lists;
  throw new PackageError(
    `Cannot list Debian's packages: no package list arrived\n${trouble?.message ?? ''}`.trimEnd(),
    { cause: trouble },
  );
}

/** Parses the targets in the format that `updateLists` asks for. */
export function parseTargets(targets: string): PackageList[] {
  return [...targets.matchAll(/^(\S+) (\S+?)\/* (.+)$/gm)].map(
    ([, suite = '', base = '', path = '']) => ({
      suite,
      base,
      path,
    }),
  );
}

/** The paragraphs of a list that describe packages which sub1m can use. */
export function readKeptParagraphs(client: AptClient, list: PackageList): Promise<string> {
  return runApt(client, ['bash', '-o', 'pipefail', '-c', KEPT_PARAGRAPHS, 'bash', list.path]);
}

/** Downloads packages into `into` and gives their paths; each has the SHA-256 in the signed list. */
export async function downloadPackages(
  client: AptClient,
  packages: readonly PackageRecord[],
  into: string,
): Promise<string[]> {
  const files = packages.map(({ name }) => join(into, `${name}.deb`));
  const wanted = packages.flatMap(({ uri, sha256 }, i) => [
    uri,
    files[i] ?? '',
    `SHA256:${sha256}`,
  ]);
  try {
    await runApt(client, [APT_HELPER, '-qq', 'download-file', ...wanted]);
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    const names = packages.map(({ name }) => name).join(', ');
    throw new PackageError(`Cannot download ${names}: ${error.message}`, { cause: error });
  }
  return files;
}

function runApt({ folder, signal }: AptClient, argv: readonly string[]): Promise<string> {
  const env = { APT_CONFIG: configPath(folder) };
  return whileThereIsRoom(folder, signal, (until) => runCommand(argv, { signal: until, env }));
}

function configPath(folder: string): string {
  return join(folder, 'apt.conf');
}
