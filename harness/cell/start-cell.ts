// SPDX-License-Identifier: MIT
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellAttempt, CellSpec, MachineInput, MachineRecord } from '../bundle/cell-record.ts';
import { copyVars } from '../firmware/ovmf.ts';
import { type Personality, makePersonality } from '../firmware/personality.ts';
import {
  type GuestImage,
  type GuestImageOptions,
  requireGuestImage,
} from '../guest-link/initramfs.ts';
import { isCounting } from '../kernel/counted-files.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import type { Layout } from '../layout/layout.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { sha256 } from '../process/file-hash.ts';
import { readyThread } from '../process/run-in-thread.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { MachineConfig } from '../qemu/machine-config.ts';
import type { Machine } from '../qemu/machine.ts';
import { phaseBudgetMs } from './budgets.ts';
import { type CellDisks, VMCORE_PART, machineDisks, makeCellDisks } from './cell-disks.ts';
import type { CellHost, CellOvmf } from './cell-host.ts';
import { CellLogs } from './cell-logs.ts';
import { captureCmdline, systemCmdline } from './command-line.ts';
import { GuestConsole } from './guest-console.ts';
import { GuestRam, HASH_PAGES, knowsTruth } from './guest-ram.ts';
import type { HostPressure } from './host-pressure.ts';
import { copiesOf, inputsOf, requireInputs } from './machine-inputs.ts';
import type { PhaseClock } from './phase-clock.ts';
import type { RunningCell } from './phases.ts';
import { type StartedMachine, startMachine } from './start-machine.ts';

/** What is needed to start the machine of a cell. */
export interface StartJob {
  readonly spec: CellSpec;
  readonly kernel: Kernel;
  /** The firmware layout of `spec.layout`; null for OVMF's own. */
  readonly layout: Layout | null;
  /** The attempts before this one; none unless given. */
  readonly attempts?: readonly CellAttempt[];
  /** Where the bundle goes. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly extras?: MachineExtras;
}

/** What `sub1m shell` adds to a cell's machine, so that people can work in it. */
export interface MachineExtras {
  /** See `requireSessionArchive`. */
  readonly archive: string;
  readonly machine: Pick<MachineConfig, 'network' | 'debugger'>;
}

/** What a cell's machine runs on, and who is told of its life. */
export interface LifeOptions {
  readonly host: CellHost;
  readonly ovmf: CellOvmf;
  readonly accel: MachineRecord['accel'];
  readonly clock: PhaseClock;
  readonly pressure?: HostPressure;
}

/** A cell whose machine runs. */
export interface StartedCell extends RunningCell, AsyncDisposable {
  readonly machine: Machine;
  /** See `CellRecord`. */
  readonly inputs: readonly MachineInput[];
  readonly firmware: StartedMachine['firmware'];
}

/** Starts the cell's machine and records its evidence. Disposing the result ends machine, sockets and temporary files. */
export async function startCell(
  job: StartJob,
  life: LifeOptions,
  hostFails: AbortController,
): Promise<StartedCell> {
  const { spec, folder, signal, layout } = job;
  await using starting = new CleanupStack();
  const temp = starting.use(await makeTempDir());
  if (knowsTruth(spec)) readyThread(HASH_PAGES);
  const { cacheDir, log } = life.host;
  const options = { cacheDir, signal, log, temp: temp.path };
  const parts = await machineParts(job, life.ovmf, options);
  const { input } = parts.image;
  const disks = await makeCellDisks(spec, { input, temp: temp.path, bundle: folder });
  starting.defer(() => rm(join(folder, VMCORE_PART), { force: true }));
  const logs = starting.use(new CellLogs(folder, hostFails));
  const onQmp = logs.line('qmp.jsonl');
  const started = await startOwnMachine(job, life, { parts, disks, onQmp, temp: temp.path });
  const { machine, firmware } = started;
  starting.use(machine);
  life.pressure?.watch(machine.pid);
  const inputs = [...parts.inputs, ...firmware.inputs];
  // QEMU has read them, all but the input disk.
  await requireInputs(inputs);
  const ram = knowsTruth(spec)
    ? starting.use(await GuestRam.of(machine, { bundle: folder, signal }))
    : null;
  firmware.listen(layout === null ? () => {} : logs.bytes('personality.log'));
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
    firmware,
    ...heard,
    captureCmdline: captureCmdline(spec),
    isCounting: isCounting(job.kernel.image),
    readsSeed: seedOf(job),
    [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose](),
  };
}

interface OwnParts {
  readonly parts: MachineParts;
  readonly disks: CellDisks;
  readonly temp: string;
  readonly onQmp: (line: string) => void;
}

function startOwnMachine(
  job: StartJob,
  { host, ovmf, accel, clock }: LifeOptions,
  { parts, disks, temp, onQmp }: OwnParts,
): Promise<StartedMachine> {
  const { spec, kernel, extras, signal } = job;
  const { image, vars, personality } = parts;
  const config = {
    binary: host.qemu.binary,
    accel: accel.kind,
    cpus: spec.cpus,
    memoryMiB: spec.memoryMiB,
    firmware: { code: ovmf.code, vars },
    kernel: kernel.image,
    initrd: image.initrd,
    cmdline: systemCmdline(spec),
    disks: machineDisks(disks),
    ...extras?.machine,
    folder: temp,
  };
  const budgetMs = phaseBudgetMs('firmware', spec, host.budgetScale);
  const onStart = (): void => {
    clock.enter('firmware');
  };
  const plan = { config, ovmf, personality, whyFresh: whyFresh(job) };
  return startMachine(plan, { host, signal, budgetMs, onQmp, onStart });
}

/** Why a cell's machine boots its firmware itself, or null. */
function whyFresh({ spec, attempts = [], extras }: StartJob): string | null {
  if (spec.freshFirmware) return 'asked for';
  // Whatever was wrong, this time it is not that.
  if (attempts.length > 0) return 'the cell is run again';
  // It must see the first instruction.
  return extras?.machine.debugger === undefined ? null : 'a debugger waits for it';
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
  return { agent: new GuestAgent(machine.agent), console };
}

function guestImage({ kernel, extras }: StartJob, options: GuestImageOptions): Promise<GuestImage> {
  if (extras === undefined) return requireGuestImage(kernel, options);
  const modules = [...kernel.modules, ...kernel.networkModules];
  return requireGuestImage({ ...kernel, modules }, { ...options, extra: [extras.archive] });
}
