// SPDX-License-Identifier: MIT
/** A disk: a raw image on the host, virtio-blk in the guest. */
export interface Disk {
  /** What the guest knows it by: at most 20 letters, digits, `-`, `_`, `.`; a letter first. */
  readonly serial: string;
  readonly path: string;
  readonly readonly: boolean;
}

/** Everything that decides the command line of QEMU. All paths are absolute. */
export interface MachineConfig {
  readonly binary: string;
  readonly accel: 'kvm' | 'tcg';
  readonly cpus: number;
  readonly memoryMiB: number;
  /** OVMF, and this machine's own copy of its variable store. */
  readonly firmware: { readonly code: string; readonly vars: string };
  /** What the firmware boots. Without it, the firmware comes up and finds nothing to boot. */
  readonly kernel?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  readonly disks: readonly Disk[];
  /** The driver that gives the firmware a layout. Without it, the firmware has its own. */
  readonly personality?: PersonalityConfig;
  /**
   * A network of its own, isolated except for a loopback port of the host that leads to this TCP port of the guest: see
   * `Machine.forwardedPort`. Cells have none.
   */
  readonly network?: { readonly guestPort: number };
  /**
   * Where a debugger may connect: a Unix socket, which QEMU makes in a new folder. The machine waits for the debugger
   * before its first instruction.
   */
  readonly debugger?: string;
  /** The saved state that the machine resumes (`Machine.saveState`), of a machine with the same devices. */
  readonly incoming?: string;
  /** A private temporary folder with a short path. */
  readonly folder: string;
}

/** An option ROM, and what its driver reads from fw_cfg. */
interface PersonalityConfig {
  /** QEMU's name of the device that carries the ROM. */
  readonly device: string;
  readonly rom: string;
  /** The size of the ROM's BAR, in bytes. */
  readonly romBytes: number;
  /** Path of the layout. */
  readonly layout: string;
  /** Whether the driver waits before it reads the layout. */
  readonly hold?: boolean;
}

/** What QEMU connects to, by the id of the character device. */
const SOCKETS = ['qmp', 'console', 'agent', 'personality'] as const;

/** See `SOCKETS`. */
export type SocketName = (typeof SOCKETS)[number];

/** The sockets of a machine: only one with a personality has that one. */
export function socketsOf({ personality }: MachineConfig): SocketName[] {
  return SOCKETS.filter((name) => name !== 'personality' || personality !== undefined);
}

/** What a socket is called. */
export function socketFile(name: SocketName): string {
  return `${name}.sock`;
}
