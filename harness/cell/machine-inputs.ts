// SPDX-License-Identifier: MIT
import type { MachineInput } from '../bundle/cell-record.ts';
import { InputError } from '../errors.ts';
import type { Personality } from '../firmware/personality.ts';
import type { GuestImage } from '../guest-link/initramfs.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import { findDifference, sha256File, sha256Once } from '../process/file-hash.ts';
import type { CellOvmf } from './cell-host.ts';

/** Where what a machine is given comes from. */
interface GivenParts {
  readonly kernel: Kernel;
  readonly image: GuestImage;
  readonly ovmf: CellOvmf;
  readonly personality: Personality | null;
}

/** The files that a machine is given as they are. */
export function inputsOf({ kernel, image, ovmf, personality }: GivenParts): MachineInput[] {
  return [
    { what: 'kernel', path: kernel.image, sha256: kernel.imageSha256 },
    { what: 'initramfs', path: image.initrd, sha256: image.initrdSha256 },
    { what: 'input disk', path: image.input, sha256: image.inputSha256 },
    { what: 'firmware', path: ovmf.code, sha256: ovmf.sha256 },
    { what: 'variable store', path: ovmf.vars, sha256: ovmf.varsSha256 },
    ...(personality
      ? [{ what: 'option ROM', path: personality.rom, sha256: personality.romSha256 } as const]
      : []),
  ];
}

/** The files made for this machine alone: gone when it is. */
export function copiesOf({
  vars,
  ovmf,
  personality,
}: Pick<GivenParts, 'ovmf' | 'personality'> & { readonly vars: string }): MachineInput[] {
  return [
    { what: 'variable store', path: vars, sha256: ovmf.varsSha256 },
    ...(personality
      ? [{ what: 'layout', path: personality.layout, sha256: personality.layoutSha256 } as const]
      : []),
  ];
}

/** How carefully files are compared with what they were. */
interface Care {
  /** `again`: each is read from its disk; `once`: only if its size or its times say that it was written to. */
  readonly read: 'again' | 'once';
}

/** Which file a machine is given is no longer what it was, and how, in a sentence; null if all are. */
export async function findChangedInput(
  inputs: readonly MachineInput[],
  { read }: Care,
): Promise<string | null> {
  for (const { what, path, sha256 } of inputs) {
    const difference = await findDifference(
      path,
      sha256,
      read === 'again' ? sha256File : sha256Once,
    );
    if (difference !== null) return `The ${what} ${path} is not what it was: ${difference}`;
  }
  return null;
}

/** Throws `InputError` if a file that a machine is given is not what it was when it was chosen. */
export async function requireInputs(inputs: readonly MachineInput[]): Promise<void> {
  const changed = await findChangedInput(inputs, { read: 'once' });
  if (changed !== null) throw new InputError(`Cannot run a machine: ${changed}`);
}
