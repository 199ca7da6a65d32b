// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { HostError } from '../errors.ts';
import { type KvmCacheOptions, cachedAnswer, kvmCachePath } from './kvm-cache.ts';
import { probeKvm } from './kvm-probe.ts';

/** What machines run on here, and why. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg';
  readonly why: string;
  readonly kvm: {
    /** Whether the device is there. */
    readonly present: boolean;
    /** Whether it may be opened. */
    readonly mayOpen: boolean;
    /** Whether OVMF boots under it; also false if nobody asked. */
    readonly works: boolean;
    readonly why: string;
  };
}

export interface AcceleratorOptions extends KvmCacheOptions {
  /** Where the answer of the probe is remembered. */
  readonly cacheFolder: string;
  /** KVM's device; only tests name another. */
  readonly device?: string;
}

/**
 * Decides between KVM and TCG; `auto` takes KVM if it works. The probe boots OVMF once per QEMU, OVMF
 * and host kernel. Throws `HostError` if KVM was requested and does not work.
 */
export async function chooseAccelerator(
  wanted: 'auto' | 'kvm' | 'tcg',
  options: AcceleratorOptions,
): Promise<Accelerator> {
  const { device = '/dev/kvm', cacheFolder } = options;
  const kvm = await kvmState(wanted, device, options);
  if (wanted === 'tcg') return { kind: 'tcg', why: 'TCG was requested', kvm };
  if (kvm.works) return { kind: 'kvm', why: kvm.why, kvm };
  if (wanted === 'auto') return { kind: 'tcg', why: kvm.why, kvm };
  throw new HostError(
    `Cannot use KVM: ${kvm.why}; use TCG, or repair KVM and remove ${kvmCachePath(cacheFolder)}`,
  );
}

async function kvmState(
  wanted: 'auto' | 'kvm' | 'tcg',
  device: string,
  options: AcceleratorOptions,
): Promise<Accelerator['kvm']> {
  if (!(await mayAccess(device, constants.F_OK))) {
    return { present: false, mayOpen: false, works: false, why: `there is no ${device}` };
  }
  const mayOpen = await mayAccess(device, constants.R_OK | constants.W_OK);
  const found = { present: true, mayOpen };
  if (wanted === 'tcg') return { ...found, works: false, why: 'not probed' };
  if (!mayOpen) {
    const why = `KVM is present but ${device} may not be opened: join its group (kvm)`;
    return { ...found, works: false, why };
  }
  const path = kvmCachePath(options.cacheFolder);
  return { ...found, ...(await cachedAnswer(path, options, probeKvm)) };
}

async function mayAccess(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}
