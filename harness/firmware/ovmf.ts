// SPDX-License-Identifier: MIT
import { access, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { HostError, messageOf } from '../errors.ts';

/** Where QEMU's docs/interop/firmware.json puts descriptors: the distribution's, then the administrator's. */
const SYSTEM_FOLDERS = ['/usr/share/qemu/firmware', '/etc/qemu/firmware'] as const;

/** A build of OVMF that can run a machine of ours. */
export interface Ovmf {
  /** The executable image, mapped read-only and shared by all machines. */
  readonly code: string;
  /** The template of the variable store; see `copyVars`. */
  readonly vars: string;
  /** The firmware descriptor that names the two, or null if the user does. */
  readonly descriptor: string | null;
  readonly description: string;
}

/** What firmware descriptors offer, best first, and what is unusable and why. */
export interface OvmfSearch {
  readonly found: readonly Ovmf[];
  readonly rejected: readonly { readonly descriptor: string; readonly why: string }[];
}

/**
 * Reads the firmware descriptors in `folders`, from general to specific. A descriptor hides those of
 * the same name in earlier folders; an empty one does nothing else. They are ordered by name, and the
 * images that they name are below `root`.
 */
export async function findOvmf(
  folders: readonly string[] = SYSTEM_FOLDERS,
  root = '/',
): Promise<OvmfSearch> {
  const byName = new Map<string, string>();
  for (const path of (await Promise.all(folders.map(descriptorsIn))).flat()) {
    byName.set(basename(path), path);
  }
  const found: Ovmf[] = [];
  const rejected: { descriptor: string; why: string }[] = [];
  for (const [, descriptor] of [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const judged = await judgeDescriptor(descriptor, root);
    if (typeof judged === 'string') rejected.push({ descriptor, why: judged });
    else if (judged !== undefined) found.push(judged);
  }
  return { found, rejected };
}

/** The first OVMF of `findOvmf`. Throws `HostError` that says what was found instead. */
export async function requireOvmf(folders: readonly string[] = SYSTEM_FOLDERS): Promise<Ovmf> {
  const search = await findOvmf(folders);
  if (search.found[0] !== undefined) return search.found[0];
  const wanting = whatIsWanting(search, folders);
  throw new HostError(`Cannot find OVMF: ${wanting}install the package ovmf, or use --ovmf`);
}

/** The middle of a message: what a fruitless search expected, and what it found instead. */
export function whatIsWanting({ rejected }: OvmfSearch, folders: readonly string[]): string {
  const reasons = rejected.map(({ descriptor, why }) => `  ${descriptor}: ${why}\n`);
  const instead =
    reasons.length === 0
      ? `no firmware descriptor in ${folders.join(', ')}; `
      : `only these:\n${reasons.join('')}`;
  return `expected x86_64 UEFI firmware for q35 without SMM, found ${instead}`;
}

/** Makes the machine's own copy of the variable store in `folder`; gives its path. */
export async function copyVars(ovmf: Ovmf, folder: string): Promise<string> {
  const path = join(folder, 'OVMF_VARS.fd');
  // Not copyFile(), which would keep the mode of a template that nobody may write.
  await writeFile(path, await readFile(ovmf.vars));
  return path;
}

async function descriptorsIn(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  } catch {
    // A folder that does not exist has no descriptors.
    return [];
  }
}

/** The firmware, or why it cannot be used, or nothing for an empty descriptor. */
async function judgeDescriptor(
  descriptor: string,
  root: string,
): Promise<Ovmf | string | undefined> {
  try {
    const text = await readFile(descriptor, 'utf8');
    if (text === '') return undefined;
    const judged = ovmfFromDescriptor(descriptor, text);
    if (typeof judged === 'string') return judged;
    const [code, vars] = [join(root, judged.code), join(root, judged.vars)];
    for (const path of [code, vars]) await access(path);
    return { ...judged, code, vars };
  } catch (error) {
    return messageOf(error);
  }
}

const flashFileSchema = z.object({ filename: z.string(), format: z.string() });

/** The part of QEMU's docs/interop/firmware.json, `Firmware`, that decides. */
const descriptorSchema = z.object({
  description: z.string(),
  'interface-types': z.array(z.string()),
  mapping: z.object({
    device: z.string(),
    mode: z.string().default('split'),
    executable: flashFileSchema.optional(),
    'nvram-template': flashFileSchema.optional(),
  }),
  targets: z.array(z.object({ architecture: z.string(), machines: z.array(z.string()) })),
  features: z.array(z.string()),
});

type Descriptor = z.infer<typeof descriptorSchema>;

/** Features that rule a firmware out, and why. */
const UNUSABLE_FEATURES: Readonly<Record<string, string>> = {
  'requires-smm': 'it requires SMM, and the machine has none',
  'secure-boot': 'it has Secure Boot, and the kernels are not signed',
  'enrolled-keys': 'its variable store has Secure Boot keys enrolled',
};

/** What a usable firmware must be, and what to say about one that is not; the first failure counts. */
const DEMANDS: readonly (readonly [(descriptor: Descriptor) => boolean, string])[] = [
  [(d) => d['interface-types'].includes('uefi'), 'it is not UEFI firmware'],
  [(d) => d.targets.some(isOurMachine), 'it is not for x86_64 q35 machines'],
  [(d) => d.mapping.device === 'flash', 'it does not go into flash'],
  [(d) => d.mapping.mode === 'split', 'it has no variable store of its own'],
];

/** Reads a firmware descriptor; a string says why its firmware cannot be used. */
function ovmfFromDescriptor(path: string, text: string): Ovmf | string {
  const parsed = descriptorSchema.safeParse(jsonOrUndefined(text));
  if (!parsed.success) return `it is not a firmware descriptor: ${z.prettifyError(parsed.error)}`;
  const descriptor = parsed.data;
  const failed = DEMANDS.find(([holds]) => !holds(descriptor));
  if (failed !== undefined) return failed[1];
  for (const feature of descriptor.features) {
    const why = UNUSABLE_FEATURES[feature];
    if (why !== undefined) return why;
  }
  const { executable, 'nvram-template': nvram } = descriptor.mapping;
  if (executable?.format !== 'raw' || nvram?.format !== 'raw') return 'its images are not raw';
  const { description } = descriptor;
  return { code: executable.filename, vars: nvram.filename, descriptor: path, description };
}

function isOurMachine(target: Descriptor['targets'][number]): boolean {
  return (
    target.architecture === 'x86_64' && target.machines.some((glob) => glob.startsWith('pc-q35-'))
  );
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
