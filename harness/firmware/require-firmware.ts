// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { requireDebianOvmf } from './debian-ovmf.ts';
import { type Ovmf, requireOvmf } from './ovmf.ts';
import { parseOvmfReference } from './ovmf-reference.ts';

/** What finding a firmware needs from its caller. */
export interface FirmwareContext extends PackageContext {
  /** The host's folders of firmware descriptors, from general to specific. */
  readonly firmwareFolders: readonly string[];
}

const CODE_NAME = /^OVMF_CODE.*\.fd$/;

/**
 * The OVMF that a reference names. Throws `UsageError` if it names none, `HostError` if the host has none or cannot get
 * packages, `PackageError` if a package fails.
 */
export async function requireFirmware(ref: string, context: FirmwareContext): Promise<Ovmf> {
  const wanted = parseOvmfReference(ref);
  switch (wanted.kind) {
    case 'host':
      return requireOvmf(context.firmwareFolders);
    case 'path':
      return ovmfFromFile(wanted.path);
    case 'version':
    case 'suite':
      return requireDebianOvmf(wanted, context);
  }
}

async function ovmfFromFile(path: string): Promise<Ovmf> {
  const name = basename(path);
  if (!(await isFile(path))) {
    throw new UsageError(
      `Cannot find the firmware ${path}: no such file; name an OVMF_CODE*.fd, debian:<version> or host`,
    );
  }
  if (!CODE_NAME.test(name)) {
    throw new UsageError(
      `Cannot use the firmware ${path}: expected a file OVMF_CODE*.fd, with its OVMF_VARS*.fd beside it`,
    );
  }
  const vars = join(dirname(path), name.replace('CODE', 'VARS'));
  if (!(await isFile(vars))) {
    throw new UsageError(
      `Cannot use the firmware ${path}: expected its variable store beside it, found no ${vars}; put it there`,
    );
  }
  return { code: resolve(path), vars: resolve(vars), descriptor: null, description: name };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
