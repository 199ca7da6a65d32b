// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeadlineError, ProcessError } from '../errors.ts';
import { withDeadline } from '../process/deadline.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { Machine } from './machine.ts';
import type { MachineConfig } from './machine-config.ts';
import { decisiveLine } from './machine-end.ts';

/** OVMF's first byte comes within a second under KVM, and within four even under TCG; ms. */
const FIRST_BYTE_BUDGET_MS = 15_000;

/** Enough for OVMF to initialise its console. */
const MEMORY_MIB = 128;

/** Whether KVM works, and how that was found out. */
export interface KvmAnswer {
  readonly works: boolean;
  readonly why: string;
  /** Set if the host may only have been busy: such an answer is not remembered. */
  readonly passing?: true;
}

/** What the probe boots. */
export interface KvmProbeOptions {
  /** Path of qemu-system-x86_64. */
  readonly binary: string;
  /** OVMF's image and the template of its variable store. */
  readonly firmware: { readonly code: string; readonly vars: string };
  readonly signal: AbortSignal;
}

/** Boots OVMF under KVM until it writes to the serial console: `/dev/kvm` promises nothing. */
export async function probeKvm({ binary, firmware, signal }: KvmProbeOptions): Promise<KvmAnswer> {
  await using folder = await makeTempDir();
  const vars = join(folder.path, 'vars.fd');
  await writeFile(vars, await readFile(firmware.vars));
  const failure = await firmwareFailure(
    {
      binary,
      accel: 'kvm',
      cpus: 1,
      memoryMiB: MEMORY_MIB,
      firmware: { code: firmware.code, vars },
      disks: [],
      folder: folder.path,
    },
    signal,
  );
  if (failure === undefined) return { works: true, why: 'OVMF boots under KVM' };
  const why = `KVM is present but OVMF does not boot under it: ${reason(failure)}`;
  return { works: false, why, ...(failure instanceof DeadlineError ? { passing: true } : {}) };
}

/** Why the firmware did not come up, or undefined if it did. */
async function firmwareFailure(
  config: MachineConfig,
  signal: AbortSignal,
): Promise<Error | undefined> {
  try {
    await using machine = await Machine.start(config, { signal });
    const limits = { budgetMs: FIRST_BYTE_BUDGET_MS, signal };
    const failure = await withDeadline("the firmware's first byte", limits, () => outcome(machine));
    if (failure === undefined) return undefined;
    await machine[Symbol.asyncDispose]();
    return new ProcessError(`${failure}: ${decisiveLine((await machine.ended).stderr)}`);
  } catch (error) {
    if (!(error instanceof ProcessError || error instanceof DeadlineError)) throw error;
    return error;
  }
}

function outcome(machine: Machine): Promise<string | undefined> {
  return Promise.race([
    new Promise<undefined>((resolve) => {
      machine.console.onBytes(() => {
        resolve(undefined);
      });
    }),
    machine.hostFailure.then(reason),
    machine.ended.then(({ cause }) => `QEMU ended (${cause})`),
  ]);
}

/** The first line of a message, without "Cannot …:". */
function reason({ message }: Error): string {
  return (message.split('\n')[0] ?? '').replace(/^Cannot [^:]*: /, '');
}
