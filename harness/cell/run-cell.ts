// SPDX-License-Identifier: MIT
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type CellAttempt,
  type CellDefect,
  type CellFault,
  type CellRecord,
  type CellSpec,
  type KernelRecord,
  MESSAGE_LIMIT,
  type MachineInput,
  type MachineRecord,
  type Outcome,
  type Phase,
  SCHEMA_VERSION,
} from '../bundle/cell-record.ts';
import { triggerOf } from '../bundle/triggers.ts';
import { codeOf, fromSystemError, wordsOf } from '../errors.ts';
import { copyVars } from '../firmware/ovmf.ts';
import { type Personality, makePersonality } from '../firmware/personality.ts';
import {
  type GuestImage,
  type GuestImageOptions,
  requireGuestImage,
} from '../guest-link/initramfs.ts';
import type { Layout } from '../layout/layout.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { sha256 } from '../process/file-hash.ts';
import { readyThread } from '../process/run-in-thread.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { MachineConfig } from '../qemu/machine-config.ts';
import { Machine } from '../qemu/machine.ts';
import { VMCORE_PART, machineDisks, makeCellDisks } from './cell-disks.ts';
import type { CellHost, CellOvmf } from './cell-host.ts';
import { captureCmdline, systemCmdline } from './command-line.ts';
import { GuestConsole } from './guest-console.ts';
import { GuestRam, HASH_PAGES, knowsTruth } from './guest-ram.ts';
import { CellLogs } from './cell-logs.ts';
import { HostPressure } from './host-pressure.ts';
import { copiesOf, inputsOf, requireInputs } from './machine-inputs.ts';
import { PhaseClock } from './phase-clock.ts';
import type { RunningCell } from './phases.ts';
import { runPhases } from './run-phases.ts';
import { writeEvidence } from './write-evidence.ts';

/** One cell to run. */
export interface CellJob {
  readonly id: string;
  readonly spec: CellSpec;
  readonly kernel: Kernel;
  /** The firmware layout of `spec.layout`; null for OVMF's own. */
  readonly layout: Layout | null;
  /** The known defects that the cell should show. */
  readonly known: readonly CellDefect[];
  /** The seeded fault of the kernel, or null. */
  readonly fault: CellFault | null;
  /** The attempts before this one; none unless given. */
  readonly attempts?: readonly CellAttempt[];
  /** Where the bundle goes; must not exist. */
  readonly folder: string;
  readonly signal: AbortSignal;
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
    const { outcome, inputs } = await live(job, { host, ovmf, accel, clock, pressure });
    const record: CellRecord = {
      schema: SCHEMA_VERSION,
      id: job.id,
      spec: job.spec,
      kernel: kernelRecord(job.kernel),
      machine: { qemu: host.qemu, ovmf: { code: ovmf.code, sha256: ovmf.sha256 }, accel },
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

/** What `sub1m shell` adds to a cell's machine, so that people can work in it. */
export interface MachineExtras {
  /** See `requireSessionArchive`. */
  readonly archive: string;
  readonly machine: Pick<MachineConfig, 'network' | 'debugger'>;
}

/** What is needed to start the machine of a cell. */
interface StartJob extends Pick<CellJob, 'spec' | 'kernel' | 'layout' | 'folder' | 'signal'> {
  readonly extras?: MachineExtras;
}

interface LifeOptions {
  readonly host: CellHost;
  readonly ovmf: CellOvmf;
  readonly accel: MachineRecord['accel'];
  readonly clock: PhaseClock;
  readonly pressure?: HostPressure;
}

/** A cell's life, and what its machine was given; nothing if none was started. */
interface Life {
  readonly outcome: Outcome;
  readonly inputs: readonly MachineInput[];
}

/** The cell's life. Trouble of the host and a bug of ours become an outcome; an interruption is thrown. */
async function live(job: CellJob, options: LifeOptions): Promise<Life> {
  // Aborted, with the reason, when the host fails the running cell, for example with a full disk.
  const hostFails = new AbortController();
  const signal = AbortSignal.any([job.signal, hostFails.signal]);
  const { clock, host } = options;
  let inputs: Life['inputs'] = [];
  try {
    await using cell = await startCell({ ...job, signal }, options, hostFails);
    ({ inputs } = cell);
    const outcome = await runPhases(cell, { ...host, clock, signal });
    if (outcome.kind === 'completed') await cell.ram?.saved();
    return { outcome, inputs };
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
    return { outcome, inputs };
  }
}

/** A cell whose machine runs. */
interface StartedCell extends RunningCell, AsyncDisposable {
  readonly machine: Machine;
  /** See `CellRecord`. */
  readonly inputs: readonly MachineInput[];
}

/** Starts the cell's machine and records its evidence. Disposing the result ends machine, sockets and temporary files. */
export async function startCell(
  job: StartJob,
  { host, ovmf, accel, clock, pressure }: LifeOptions,
  hostFails: AbortController,
): Promise<StartedCell> {
  const { spec, folder, signal, extras, kernel } = job;
  await using starting = new CleanupStack();
  const temp = starting.use(await makeTempDir());
  if (knowsTruth(spec)) readyThread(HASH_PAGES);
  const { cacheDir, log } = host;
  const options = { cacheDir, signal, log, temp: temp.path };
  const { image, vars, personality, inputs } = await machineParts(job, ovmf, options);
  const disks = await makeCellDisks(spec, { input: image.input, temp: temp.path, bundle: folder });
  starting.defer(() => rm(join(folder, VMCORE_PART), { force: true }));
  const logs = starting.use(new CellLogs(folder, hostFails));
  clock.enter('firmware');
  const machine = starting.use(
    await Machine.start(
      {
        binary: host.qemu.binary,
        accel: accel.kind,
        cpus: spec.cpus,
        memoryMiB: spec.memoryMiB,
        firmware: { code: ovmf.code, vars },
        kernel: kernel.image,
        initrd: image.initrd,
        cmdline: systemCmdline(spec),
        disks: machineDisks(disks),
        ...(personality && { personality }),
        ...extras?.machine,
        folder: temp.path,
      },
      { signal, onQmp: logs.line('qmp.jsonl') },
    ),
  );
  pressure?.watch(machine.pid);
  // QEMU has read them, all but the input disk.
  await requireInputs(inputs);
  const ram = knowsTruth(spec)
    ? starting.use(await GuestRam.of(machine, { bundle: folder, signal }))
    : null;
  const heard = await listen(machine, logs);
  void machine.hostFailure.then((error) => {
    hostFails.abort(error);
  });
  const cleanups = starting.move();
  return {
    spec,
    folder,
    temp: temp.path,
    disks,
    ram,
    machine,
    inputs,
    ...heard,
    captureCmdline: captureCmdline(spec),
    readsSeed: seedOf(job),
    [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose](),
  };
}

interface MachineParts {
  readonly image: GuestImage;
  /** The path of the machine's own variable store. */
  readonly vars: string;
  readonly personality: Personality | null;
  readonly inputs: readonly MachineInput[];
}

/** Makes what the host gives the machine. Throws `InputError` if a file is not what it should be. */
async function machineParts(
  job: StartJob,
  ovmf: CellOvmf,
  { temp, ...options }: GuestImageOptions & { readonly temp: string },
): Promise<MachineParts> {
  const { kernel, layout } = job;
  const image = await guestImage(job, options);
  const vars = await copyVars(ovmf, temp);
  const personality = layout && (await makePersonality(layout, temp, options));
  const inputs = inputsOf({ kernel, image, ovmf, personality });
  await requireInputs([...inputs, ...copiesOf({ vars, ovmf, personality })]);
  return { image, vars, personality, inputs };
}

/** A number of 48 bits that only the same kernel in the same cell has. */
function seedOf({ spec, kernel }: StartJob): number {
  const hash = sha256(JSON.stringify([spec, kernel.imageSha256]));
  return Number.parseInt(hash.slice(0, 12), 16);
}

/** Listens to the guest's ports, and logs them. */
async function listen(
  machine: Machine,
  logs: CellLogs,
): Promise<Pick<RunningCell, 'agent' | 'console'>> {
  // Loaded while the firmware runs; the ports buffer until somebody listens.
  const { GuestAgent } = await import('../guest-link/guest-agent.ts');
  const console = new GuestConsole();
  machine.console.onBytes((bytes) => {
    console.feed(bytes);
  });
  machine.console.onBytes(logs.bytes('console.log'));
  machine.agent.onBytes(logs.bytes('tap.log'));
  machine.personality?.onBytes(logs.bytes('personality.log'));
  return { agent: new GuestAgent(machine.agent), console };
}

function guestImage({ kernel, extras }: StartJob, options: GuestImageOptions): Promise<GuestImage> {
  if (extras === undefined) return requireGuestImage(kernel, options);
  const modules = [...kernel.modules, ...kernel.networkModules];
  return requireGuestImage({ ...kernel, modules }, { ...options, extra: [extras.archive] });
}

function kernelRecord({ release, image, imageSha256, package: from }: Kernel): KernelRecord {
  return { release, image, imageSha256, package: from };
}
