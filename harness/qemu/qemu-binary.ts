// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { HostError } from '../errors.ts';
import { runCommand } from '../process/owned-process.ts';

const NAME = 'qemu-system-x86_64';

/** A QEMU of this host. */
export interface QemuBinary {
  readonly path: string;
  /** E.g. `7.2.22`. */
  readonly version: string;
}

/** Finds QEMU in the folders of `searchPath` (as in `$PATH`). Throws `HostError` without one. */
export async function requireQemu(searchPath: string, signal: AbortSignal): Promise<QemuBinary> {
  for (const folder of searchPath.split(':').filter((part) => part !== '')) {
    const path = join(folder, NAME);
    if (!(await isExecutable(path))) continue;
    return { path, version: parseQemuVersion(await runCommand([path, '--version'], { signal })) };
  }
  throw new HostError(
    `Cannot find ${NAME}: no QEMU for x86_64 in ${searchPath}; ` +
      'install the package qemu-system-x86',
  );
}

function parseQemuVersion(text: string): string {
  const version = /^QEMU emulator version (\S+)/.exec(text)?.[1];
  if (version !== undefined) return version;
  throw new HostError(
    `Cannot read the version of ${NAME}: expected "QEMU emulator version …", found ` +
      `${JSON.stringify(text.slice(0, 80))}; install the package qemu-system-x86`,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
