// SPDX-License-Identifier: MIT
import { PackageError, ProcessError } from '../errors.ts';
import { runCommand } from '../process/owned-process.ts';

/** Unpacks the files of a package over the folder `tree`. Throws `PackageError` if it cannot be read. */
export async function unpackDeb(deb: string, tree: string, signal: AbortSignal): Promise<void> {
  await runDpkgDeb(deb, ['--extract', deb, tree], signal);
}

/** Fields of a package in a file, one value for each name. Throws `PackageError` if it cannot be read. */
export async function debFields(
  deb: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const format = names.map((name) => `\${${name}}`).join('\n');
  const control = await runDpkgDeb(deb, ['--show', `--showformat=${format}`, deb], signal);
  return control.split('\n');
}

async function runDpkgDeb(
  deb: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  try {
    return await runCommand(['dpkg-deb', ...args], { signal });
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    throw new PackageError(`Cannot read the package ${deb}: ${error.message}`, { cause: error });
  }
}
