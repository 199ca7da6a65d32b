// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { HostError } from '../errors.ts';
import { findProgram } from '../process/find-program.ts';
import { runCommand } from '../process/owned-process.ts';

/** What compiles a kernel. */
export interface Toolchain {
  /** What the compiler says of its version: part of the key of builds. */
  readonly version: string;
  /** What make is told. */
  readonly makeArguments: readonly string[];
}

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

/** What `make LLVM=…` takes besides clang, each with its Debian package. */
const LLVM_TOOLS: readonly (readonly [sign: string, from: string])[] = [
  ['clang', 'clang'],
  ['ld.lld', 'lld'],
  ['llvm-ar', 'llvm'],
  ['llvm-nm', 'llvm'],
  ['llvm-objcopy', 'llvm'],
];

/** What Debian's LLVMs that are not its default end in, the newest first: kernels raise the oldest that they take. */
const LLVM_SUFFIXES = ['-22', '-21', '-20', '-19', '-18', '-17', '-16', '-15', ''] as const;

/** Throws `HostError` with the packages to install if the host cannot build a kernel, by clang where that is asked. */
export async function requireBuildTools({ clang = false } = {}): Promise<void> {
  const missing = await missingTools(BUILD_TOOLS);
  if (clang && (await newestLlvm()) === undefined)
    missing.push(...(await missingTools(LLVM_TOOLS)));
  if (missing.length === 0) return;
  throw new HostError(
    `Cannot build a kernel: ${missing.join(', ')} not found; ` +
      `run: apt-get install ${missing.join(' ')}`,
  );
}

/** The host's gcc; or the newest of its LLVMs that is whole. Throws `ProcessError` if there is none. */
export async function findToolchain(
  { clang }: { readonly clang: boolean },
  signal: AbortSignal,
): Promise<Toolchain> {
  const suffix = clang ? ((await newestLlvm()) ?? '') : undefined;
  const compiler = suffix === undefined ? 'gcc' : `clang${suffix}`;
  const version = await runCommand([compiler, '--version'], { signal });
  return { version, makeArguments: suffix === undefined ? [] : [`LLVM=${suffix || '1'}`] };
}

/** The suffix of the newest LLVM that has all that a kernel build takes. */
async function newestLlvm(): Promise<string | undefined> {
  for (const suffix of LLVM_SUFFIXES) {
    const tools = LLVM_TOOLS.map(([sign, from]) => [`${sign}${suffix}`, from] as const);
    if ((await missingTools(tools)).length === 0) return suffix;
  }
  return undefined;
}

/** The packages, each once, of what the host lacks. */
async function missingTools(
  tools: readonly (readonly [sign: string, from: string])[],
): Promise<string[]> {
  const missing = new Set<string>();
  for (const [sign, from] of tools) {
    const there = sign.startsWith('/') ? existsSync(sign) : (await findProgram(sign)) !== undefined;
    if (!there) missing.add(from);
  }
  return [...missing];
}
