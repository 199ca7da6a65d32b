// SPDX-License-Identifier: MIT
import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type CellDefect,
  type CellFault,
  type CellRecord,
  type KernelRecord,
  MESSAGE_LIMIT,
  type MachineInput,
  type MachineRecord,
  type Outcome,
  type Phase,
  SCHEMA_VERSION,
} from '../bundle/cell-record.ts';
import { triggerOf } from '../bundle/triggers.ts';
import { FirmwareError, codeOf, fromSystemError, wordsOf } from '../errors.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import type { CellHost } from './cell-host.ts';
import { captureCmdline, systemCmdline } from './command-line.ts';
import { HostPressure } from './host-pressure.ts';
import { PhaseClock } from './phase-clock.ts';
import { runPhases } from './run-phases.ts';
import { type LifeOptions, type StartJob, type StartedCell, startCell } from './start-cell.ts';
import { writeEvidence } from './write-evidence.ts';

/** One cell to run. Its folder must not exist. */
export interface CellJob extends Omit<StartJob, 'extras'> {
  readonly id: string;
  /** The known defects that the cell should show. */
  readonly known: readonly CellDefect[];
  /** The seeded fault of the kernel, or null. */
  readonly fault: CellFault | null;
  /** Told when a phase begins. */
  readonly onPhase: (phase: Phase) => void;
}

/**
 * Runs a cell and leaves its bundle. What the kernel or the host did is in the record's `outcome`. Throws `InterruptedError`,
 * which leaves no bundle, and `HostError` for a folder that cannot be made or written.
 */
export async function runCell(job: CellJob, host: CellHost): Promise<CellRecord> {
  const startedAt = new Date().toISOString();
  using pressure = new HostPressure();
  const clock = new PhaseClock((phase) => {
    pressure.enter(phase);
    job.onPhase(phase);
  });
  await mkdir(dirname(job.folder), { recursive: true });
  // It must be ours: whoever made a folder of that name could make links in it.
  await mkdir(job.folder).catch((error: unknown) => {
    throw fromSystemError(error, `make ${job.folder}`);
  });
  try {
    const accel = await host.accelerator(job.spec);
    const ovmf = await host.ovmf(job.spec.ovmf);
    const { outcome, inputs, firmware } = await live(job, { host, ovmf, accel, clock, pressure });
    const record: CellRecord = {
      schema: SCHEMA_VERSION,
      id: job.id,
      spec: job.spec,
      kernel: kernelRecord(job.kernel),
      machine: {
        qemu: host.qemu,
        ovmf: { code: ovmf.code, sha256: ovmf.sha256 },
        accel,
        firmware,
      },
      inputs: [...inputs],
      changedInput: null,
      cmdline: { system: systemCmdline(job.spec), capture: captureCmdline(job.spec) },
      known: [...job.known],
      fault: job.fault,
      panicLine: triggerOf(job.spec)?.panicLine ?? null,
      outcome: withinLimit(outcome),
      seconds: clock.seconds(),
      pressure: pressure.record(),
      attempts: [...(job.attempts ?? [])],
      startedAt,
    };
    await writeEvidence(job.folder, 'timeline.jsonl', clock.timeline());
    await writeEvidence(job.folder, 'cell.json', `${JSON.stringify(record, null, 2)}\n`);
    return record;
  } catch (error) {
    await rm(job.folder, { recursive: true, force: true });
    throw fromSystemError(error, `leave evidence in ${job.folder}`);
  }
}

/** An outcome as a record may have it: what a guest or a program says may have any length. */
function withinLimit(outcome: Outcome): Outcome {
  if ('why' in outcome) return { ...outcome, why: outcome.why.slice(0, MESSAGE_LIMIT) };
  if (outcome.kind !== 'infra') return outcome;
  return { ...outcome, message: outcome.message.slice(0, MESSAGE_LIMIT) };
}

/** A cell's life, what its machine was given, and how its firmware came up; nothing if none was started. */
interface Life {
  readonly outcome: Outcome;
  readonly inputs: readonly MachineInput[];
  readonly firmware: MachineRecord['firmware'];
}

/** The cell's life. Trouble of the host and a bug of ours become an outcome; an interruption is thrown. */
async function live(job: CellJob, options: LifeOptions): Promise<Life> {
  // Aborted, with the reason, when the host fails the running cell, for example with a full disk.
  const hostFails = new AbortController();
  const signal = AbortSignal.any([job.signal, hostFails.signal]);
  const { clock, host } = options;
  let given: Omit<Life, 'outcome'> = {
    inputs: [],
    firmware: { kind: 'fresh', why: 'no machine was started' },
  };
  try {
    await using cell = await startCell({ ...job, signal }, options, hostFails);
    given = { inputs: cell.inputs, firmware: cell.firmware.record };
    const outcome = await runPhases(cell, { ...host, clock, signal });
    if (outcome.kind === 'completed') await cell.ram?.saved();
    else requireOwnFirmware(outcome, cell.firmware);
    return { ...given, outcome };
  } catch (thrown) {
    if (job.signal.aborted) throw thrown;
    const reason: unknown = hostFails.signal.aborted ? hostFails.signal.reason : thrown;
    const error = fromSystemError(reason, `leave evidence in ${job.folder}`);
    const outcome = {
      kind: 'infra',
      phase: clock.phase,
      code: codeOf(error),
      message: wordsOf(error),
    } as const;
    return { ...given, outcome };
  }
}

/** Throws `FirmwareError` for a machine that went on from a saved firmware and never came to its kernel: that may be why. */
export function requireOwnFirmware(
  outcome: Outcome,
  { record, failed }: Pick<StartedCell['firmware'], 'record' | 'failed'>,
): void {
  if (record.kind === 'fresh' || !('phase' in outcome) || outcome.phase !== 'firmware') return;
  failed();
  throw new FirmwareError(
    `Cannot tell why no kernel spoke: the machine went on from the saved firmware ${record.key}`,
  );
}

function kernelRecord({ release, image, imageSha256, package: from }: Kernel): KernelRecord {
  return { release, image, imageSha256, package: from };
}
