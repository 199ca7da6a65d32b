// SPDX-License-Identifier: MIT
import { type MachineInput, type MachineRecord, MESSAGE_LIMIT } from '../bundle/cell-record.ts';
import { InterruptedError, ProcessError, QmpError, Sub1mError, messageOf } from '../errors.ts';
import { type Personality, makePersonality } from '../firmware/personality.ts';
import type { MachineConfig } from '../qemu/machine-config.ts';
import { Machine } from '../qemu/machine.ts';
import type { CellHost, CellOvmf } from './cell-host.ts';
import { listenToDriver } from './driver-report.ts';
import type { SavedFirmware } from './saved-firmware.ts';

/** The machine of a cell, before it is decided how its firmware comes up. */
interface MachinePlan {
  /** All but the personality. */
  readonly config: MachineConfig;
  readonly ovmf: CellOvmf;
  /** Of a cell with a layout. */
  readonly personality: Personality | null;
  /** Why the machine boots its firmware itself; null if it need not. */
  readonly whyFresh: string | null;
}

interface StartOptions {
  readonly host: Pick<CellHost, 'savedFirmwares' | 'cacheDir' | 'log'>;
  readonly signal: AbortSignal;
  /** How long a firmware may take to come up, ms. */
  readonly budgetMs: number;
  readonly onQmp: (line: string) => void;
  /** Told when the cell's own machine is about to start. */
  readonly onStart: () => void;
}

/** How the firmware of a machine came up. */
interface StartedFirmware {
  readonly record: MachineRecord['firmware'];
  /** What the machine was given for it, beside what it gets in any case. */
  readonly inputs: readonly MachineInput[];
  /** Gives the driver's whole report to `write`, from now on. */
  readonly listen: (write: (bytes: Uint8Array) => void) => void;
  /** Notes that the machine did not come to its kernel. */
  readonly failed: () => void;
}

/** A machine that runs. */
export interface StartedMachine {
  readonly machine: Machine;
  readonly firmware: StartedFirmware;
}

/**
 * Starts a cell's machine: from a saved firmware where there may be one, else with its own firmware. A saved one from
 * which QEMU does not start is made anew once. Throws like `Machine.start`.
 */
export async function startMachine(
  plan: MachinePlan,
  options: StartOptions,
): Promise<StartedMachine> {
  if (plan.whyFresh !== null) return startFresh(plan, plan.whyFresh, options);
  try {
    return await startSaved(plan, options);
  } catch (error) {
    if (!(error instanceof Sub1mError) || error instanceof InterruptedError) throw error;
    options.signal.throwIfAborted();
    const why = firstLine(error);
    options.host.savedFirmwares.giveUp(why);
    return startFresh(plan, why, options);
  }
}

async function startFresh(
  { config, personality }: MachinePlan,
  why: string,
  { signal, onQmp, onStart }: StartOptions,
): Promise<StartedMachine> {
  onStart();
  const machine = await Machine.start(
    { ...config, ...(personality && { personality }) },
    { signal, onQmp },
  );
  return {
    machine,
    firmware: {
      record: { kind: 'fresh', why: why.slice(0, MESSAGE_LIMIT) },
      inputs: [],
      listen: (write) => void listenToDriver(machine, '', write),
      failed: () => {},
    },
  };
}

async function startSaved(plan: MachinePlan, options: StartOptions): Promise<StartedMachine> {
  const { host, signal, budgetMs, onQmp, onStart } = options;
  const { savedFirmwares } = host;
  // A machine without a layout has the driver, too: it only holds the firmware.
  const personality =
    plan.personality ?? (await makePersonality(null, plan.config.folder, { ...host, signal }));
  const config = { ...plan.config, personality };
  const parts = { config, romSha256: personality.romSha256, ovmf: plan.ovmf };
  for (;;) {
    // Throws when it has given two that were bad.
    const saved = await savedFirmwares.require(parts, { signal, budgetMs });
    onStart();
    try {
      const machine = await Machine.start({ ...config, incoming: saved.state }, { signal, onQmp });
      return { machine, firmware: fromSaved(machine, saved, { plan, personality, host }) };
    } catch (error) {
      // A host that is too slow says nothing of the state.
      if (!(error instanceof ProcessError || error instanceof QmpError)) throw error;
      savedFirmwares.distrust(saved, firstLine(error));
    }
  }
}

interface SavedStart {
  readonly plan: MachinePlan;
  readonly personality: Personality;
  readonly host: StartOptions['host'];
}

function fromSaved(
  machine: Machine,
  saved: SavedFirmware,
  { plan, personality, host }: SavedStart,
): StartedFirmware {
  let report: ReturnType<typeof listenToDriver> | undefined;
  const rom = { what: 'option ROM', path: personality.rom, sha256: personality.romSha256 } as const;
  return {
    record: { kind: 'saved', key: saved.key },
    inputs: [
      { what: 'saved firmware', path: saved.state, sha256: saved.sha256 },
      ...(plan.personality ? [] : [rom]),
    ],
    listen: (write) => {
      report = listenToDriver(machine, saved.said, write);
    },
    failed: () => {
      // If the driver has gone on, so has the firmware.
      if (report?.wentOn() === true) return;
      host.savedFirmwares.distrust(saved, 'a machine did not go on from it');
    },
  };
}

function firstLine(error: Error): string {
  return messageOf(error).split('\n', 1)[0] ?? '';
}
