// SPDX-License-Identifier: MIT
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import { openFile } from '../harness/process/open-file.ts';
import { Sub1mError } from '../harness/errors.ts';
import { unpackDeb } from '../harness/package/deb-file.ts';
import { type PackageContext, aptClient, packageLists } from '../harness/package/package-lists.ts';
import { cachedFolder } from '../harness/process/cache.ts';
import { runCommand } from '../harness/process/owned-process.ts';
import { openVmcore } from '../harness/vmcore/dump/open-vmcore.ts';

/** The command lines of other programs that read dumps; null for one that is not available. */
export interface Peers {
  /** With the vmlinux of the dump's kernel. */
  readonly crash: readonly string[] | null;
  readonly drgn: readonly string[] | null;
  /** The programs that are not available, and why. */
  readonly absent: readonly Absent[];
}

export interface Absent {
  readonly tool: string;
  readonly why: string;
}

/** A release whose crash reads dumps of 6.12, which Debian 12's refuses. */
const SUITE = 'trixie';
const PACKAGES = ['crash', 'python3-drgn'];

/** Gets the programs, and finds the vmlinux of the dump's kernel in the cache. */
export async function findPeers(
  dump: string,
  { environment, signal, log }: RunnerContext,
): Promise<Peers> {
  const { cacheDir, mirror } = environment;
  try {
    const tools = await requireTools({ cacheDir, mirror, signal, log });
    const vmlinux = await findVmlinux(dump, { cacheDir, signal });
    if (vmlinux !== undefined)
      return { ...tools, crash: [...tools.crash, '-s', vmlinux], absent: [] };
    const why = `it needs the dump's vmlinux with debug information: no tree of ${cacheDir}/sources has it`;
    return { ...tools, crash: null, absent: [{ tool: 'crash', why }] };
  } catch (error) {
    if (!(error instanceof Sub1mError)) throw error;
    const why = error.message;
    return { crash: null, drgn: null, absent: PACKAGES.map((tool) => ({ tool, why })) };
  }
}

/**
 * Crash and drgn, unpacked into the cache with all that they depend on. They run with their own loader and libraries, and
 * use nothing of the host's. Throws `PackageError` or `ProcessError` if they cannot be installed so.
 */
async function requireTools(context: PackageContext): Promise<{ crash: string[]; drgn: string[] }> {
  const folder = join(context.cacheDir, 'peers', [SUITE, ...PACKAGES].join('-'));
  const root = await cachedFolder(folder, (unfinished) => download(unfinished, context), context);
  const usr = join(root, 'usr');
  const library = join(usr, 'lib/x86_64-linux-gnu');
  const loader = [join(usr, 'lib64/ld-linux-x86-64.so.2'), '--library-path', library];
  const python = (await readdir(join(usr, 'bin'))).find((name) => /^python3\.\d+$/.test(name));
  const program = join(usr, 'bin', python ?? 'python3');
  return {
    crash: [...loader, join(usr, 'bin/crash')],
    drgn: ['env', `PYTHONHOME=${usr}`, ...loader, program, '-m', 'drgn'],
  };
}

/** The harness keeps the lists; apt resolves, downloads and verifies. */
async function download(root: string, context: PackageContext): Promise<void> {
  const { signal, log } = context;
  await packageLists(context);
  const debs = join(root, 'debs');
  await mkdir(join(debs, 'partial'), { recursive: true });
  log.info(`downloading ${PACKAGES.join(' and ')} of ${SUITE} and what they depend on: 30 MB`);
  const settings = [
    `APT::Default-Release=${SUITE}`,
    'APT::Install-Recommends=false',
    `Dir::Cache::Archives=${debs}`,
    // It installs nothing: the folder is this process's own.
    'Debug::NoLocking=true',
  ];
  const options = settings.flatMap((setting) => ['-o', setting]);
  const argv = ['apt-get', '-qq', '-y', ...options, '--download-only', 'install', ...PACKAGES];
  const env = { APT_CONFIG: join(aptClient(context).folder, 'apt.conf') };
  await runCommand(argv, { signal, env });
  for (const name of await readdir(debs)) {
    if (name.endsWith('.deb')) await unpackDeb(join(debs, name), root, signal);
  }
  await rm(debs, { recursive: true });
}

/** Prints each vmlinux among the trees "$1" that recipes were built in whose build id is "$2". */
const WITH_BUILD_ID = `for it in "$1"/*/objects-*/vmlinux; do
  if readelf --notes "$it" 2>/dev/null | grep -q "Build ID: $2"; then echo "$it"; fi
done`;

async function findVmlinux(
  dump: string,
  { cacheDir, signal }: Pick<PackageContext, 'cacheDir' | 'signal'>,
): Promise<string | undefined> {
  using file = openFile(dump);
  const buildId = openVmcore(file).vmcoreinfo?.buildId ?? 'none';
  const argv = ['bash', '-c', WITH_BUILD_ID, 'bash', join(cacheDir, 'sources'), buildId];
  return (await runCommand(argv, { signal })).split('\n').find((path) => path !== '');
}
