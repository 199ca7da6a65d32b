// SPDX-License-Identifier: MIT
import { sha256 } from '../process/file-hash.ts';
import type { MachineConfig } from '../qemu/machine-config.ts';
import { qemuArgs } from '../qemu/qemu-args.ts';

/** Everything that decides what a machine is like when its firmware has come to the hold point. */
export interface FirmwareShape {
  readonly schema: 1;
  readonly qemu: { readonly version: string; readonly sha256: string };
  /** SHA-256 of the files that the firmware is made of. */
  readonly firmware: { readonly code: string; readonly vars: string; readonly rom: string };
  /** The CPU and the kernel of the host: see `hostLines`. */
  readonly host: readonly string[];
  /** QEMU's command line, with names instead of paths: machine, accelerator, CPUs, memory, devices. */
  readonly arguments: readonly string[];
}

/** A machine whose firmware can be held. */
export type HoldableConfig = MachineConfig & Required<Pick<MachineConfig, 'personality'>>;

/**
 * The machine whose firmware is saved for a machine like `config`: held, and with nothing that fw_cfg gives later. What
 * its files are is up to the caller.
 */
export function savingConfig(config: HoldableConfig): HoldableConfig {
  const { binary, accel, cpus, memoryMiB, firmware, disks, personality, network, folder } = config;
  return {
    binary,
    accel,
    cpus,
    memoryMiB,
    firmware,
    disks,
    folder,
    personality: { ...personality, hold: true },
    ...(network && { network }),
  };
}

/** What a shape does not get from the machine's own command line. */
type ShapeParts = Pick<FirmwareShape, 'qemu' | 'firmware' | 'host'>;

/** The shape of a machine. */
export function firmwareShape(config: HoldableConfig, parts: ShapeParts): FirmwareShape {
  const { disks, personality, ...saving } = savingConfig(config);
  const named: HoldableConfig = {
    ...saving,
    firmware: { code: 'code', vars: 'vars' },
    disks: disks.map((disk) => ({ ...disk, path: disk.serial })),
    personality: { ...personality, rom: 'rom', layout: 'layout' },
    folder: '/',
  };
  return { schema: 1, ...parts, arguments: qemuArgs(named) };
}

/** What a saved firmware is kept under. */
export function shapeKey(shape: FirmwareShape): string {
  return sha256(JSON.stringify(shape));
}

/** The lines of `/proc/cpuinfo` that say which CPU it is, and what it can do. */
const CPU_LINES =
  /^(?:vendor_id|cpu family|model|model name|stepping|microcode|flags|vmx flags|bugs)\s*:/;

/** The host as guests may see it: its kernel, and its CPU by the text of `/proc/cpuinfo`. */
export function hostLines(kernelRelease: string, cpuinfo: string): string[] {
  const [firstCpu = ''] = cpuinfo.split('\n\n');
  return [kernelRelease, ...firstCpu.split('\n').filter((line) => CPU_LINES.test(line))];
}
