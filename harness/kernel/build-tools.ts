// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { HostError } from '../errors.ts';
import { findProgram } from '../process/find-program.ts';

/** The programs and headers that a kernel build needs, each with its Debian package. */
const BUILD_TOOLS: readonly (readonly [sign: string, from: string])[] = [
  ['make', 'make'],
  ['gcc', 'gcc'],
  ['ld', 'binutils'],
  ['flex', 'flex'],
  ['bison', 'bison'],
  ['bc', 'bc'],
  ['perl', 'perl'],
  ['patch', 'patch'],
  ['xz', 'xz-utils'],
  ['depmod', 'kmod'],
  ['/usr/include/gelf.h', 'libelf-dev'],
  ['/usr/include/openssl/ssl.h', 'libssl-dev'],
];

/** Throws `HostError` with the packages to install if the host cannot build a kernel. */
export async function requireBuildTools(): Promise<void> {
  const missing: string[] = [];
  for (const [sign, from] of BUILD_TOOLS) {
    const there = sign.startsWith('/') ? existsSync(sign) : (await findProgram(sign)) !== undefined;
    if (!there) missing.push(from);
  }
  if (missing.length === 0) return;
  throw new HostError(
    `Cannot build a kernel: ${missing.join(', ')} not found; ` +
      `run: apt-get install ${missing.join(' ')}`,
  );
}
