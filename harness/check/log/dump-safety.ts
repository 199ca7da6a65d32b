// SPDX-License-Identifier: MIT
import type { LogCauses } from '../../layout/log/log-causes.ts';
import { isDistributionsOwn } from '../../memory/crashkernel.ts';
import { findParameter } from '../../memory/kernel-cmdline.ts';
import type { Pfn } from '../../memory/pfn.ts';
import type { ModelInputs } from '../../model/model-inputs.ts';
import { POLICIES } from '../../model/policies.ts';
import type { Prediction } from '../../model/prediction.ts';
import { freePages } from './free-pages.ts';

/** Whether a crash dump of this machine can be trusted, as far as low memory decides it. */
export type DumpSafety =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'at stake'; readonly why: string; readonly pages: readonly Pfn[] }
  | { readonly kind: 'safe' | 'unknown'; readonly why: string };

/** What decides it; `captureLoaded` is null where that is not known. */
interface Dump {
  readonly inputs: ModelInputs;
  readonly prediction: Prediction;
  readonly causes: LogCauses;
  readonly captureLoaded: boolean | null;
}

/** See `DumpSafety`. */
export function dumpSafety({ inputs, prediction, causes, captureLoaded }: Dump): DumpSafety {
  const value = findParameter(inputs.cmdline, 'crashkernel')?.value ?? null;
  if (value === null) {
    return { kind: 'none', why: 'crashkernel= is not on the command line, so there is no dump' };
  }
  if (prediction.panic) return { kind: 'none', why: 'the kernel does not boot' };
  if (!prediction.crashkernel?.fits && !isDistributionsOwn(value)) {
    return { kind: 'none', why: `the kernel reserves nothing for crashkernel=${value}` };
  }
  if (captureLoaded === false) return { kind: 'none', why: 'no capture kernel is loaded' };
  if (POLICIES[prediction.policy].backsUpLowMemory) {
    return { kind: 'safe', why: 'kdump copies the first 640 KiB away before the capture kernel' };
  }
  const pages = freePages(prediction).map(({ page }) => page);
  if (pages.length > 0) {
    const why =
      'the system kernel uses pages below 1 MiB, which the dump leaves out and the capture kernel overwrites';
    return { kind: 'at stake', why, pages };
  }
  const unknown = whatHidesFreePages(inputs, prediction, causes);
  return unknown === null
    ? { kind: 'safe', why: 'the system kernel uses no page below 1 MiB' }
    : { kind: 'unknown', why: unknown };
}

/** Why pages may be free that nothing in the log shows; null if none can be. */
function whatHidesFreePages(
  { efiMap }: ModelInputs,
  { policy }: Prediction,
  { isEfi, tables }: LogCauses,
): string | null {
  if (!isEfi) return null;
  if (efiMap === null && policy === 'lock-on-crashkernel') {
    return 'this kernel frees boot services below 1 MiB; whether there are any, only a log with efi=debug shows';
  }
  if (tables.esrt && (efiMap === null || tables.bgrt)) {
    return 'with an ESRT and a boot logo a copy of the EFI map may leak out of the first 1 MiB; whether it has a whole page, the log does not show';
  }
  return null;
}
