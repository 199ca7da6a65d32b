// SPDX-License-Identifier: MIT
import { HostError, Sub1mError } from '../errors.ts';
import type { Disk } from './machine-config.ts';
import type { QmpClient } from './qmp-client.ts';
import type { QmpEvent } from './qmp-message.ts';

/**
 * Resolves when QEMU stops the machine because the host failed: a disk is full or cannot be read, KVM
 * gave up. Never rejects, and stays pending while all is well.
 */
export function watchHostFailure(qmp: QmpClient, disks: readonly Disk[]): Promise<HostError> {
  return new Promise((resolve) => {
    qmp.onEvent((event) => {
      if (event.name === 'BLOCK_IO_ERROR') resolve(diskError(event, disks));
      if (event.name === 'STOP') void resolveInternalError(qmp, resolve);
    });
  });
}

function diskError({ data }: QmpEvent, disks: readonly Disk[]): HostError {
  const { device, operation, reason } = data;
  const path = disks.find(({ serial }) => serial === device)?.path ?? String(device);
  return new HostError(`Cannot ${String(operation)} the disk ${path}: ${String(reason)}`);
}

/** KVM could not run an instruction: QEMU has no event for it, only a run state. */
async function resolveInternalError(
  qmp: QmpClient,
  resolve: (error: HostError) => void,
): Promise<void> {
  try {
    const { status } = await qmp.execute('query-status', {});
    if (status === 'internal-error') {
      resolve(new HostError('Cannot run the machine: KVM gave up (internal-error)'));
    }
  } catch (error) {
    // A QEMU that is gone shows in Machine.ended, and an interrupt is known to whoever caused it.
    if (!(error instanceof Sub1mError)) throw error;
  }
}
