// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type Disk, type MachineConfig, socketFile, socketsOf } from './machine-config.ts';

/** An option and its argument, which stay together. */
type QemuOption = readonly [flag: `-${string}`] | readonly [flag: `-${string}`, value: string];

/** Everything that the accelerator has: what a kernel finds must not depend on the age of a CPU model. */
const CPU = { kvm: 'host', tcg: 'max' } as const;

/**
 * The system calls that a QEMU taken over by its guest must do without (qemu(1), `-sandbox`): it starts no program, and
 * gains no rights.
 */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

/** QEMU's command line, without the name of the binary, with the paths by which QEMU knows the files (`handOver`). */
export function qemuArgs(config: MachineConfig): string[] {
  return [
    ...boardOptions(config),
    ...firmwareOptions(config.firmware),
    ...kernelOptions(config),
    ...config.disks.flatMap(diskOptions),
    ...chardevOptions(config),
    ...personalityOptions(config),
    ...networkOptions(config),
    ...debuggerOptions(config),
    ...incomingOptions(config),
  ].flat();
}

function boardOptions({ accel, cpus, memoryMiB }: MachineConfig): QemuOption[] {
  return [
    ['-nodefaults'],
    ['-no-user-config'],
    ['-sandbox', SANDBOX],
    ['-display', 'none'],
    // A reset ends QEMU, with the reason guest-reset: so a panic differs from a shutdown.
    ['-no-reboot'],
    // Nothing runs before someone listens; Machine.start() sends `cont`, or a debugger does.
    ['-S'],
    // OVMF without SMM support hangs with SMM, and one with it hangs without.
    ['-machine', 'q35,smm=off'],
    ['-accel', accel],
    ['-cpu', CPU[accel]],
    ['-smp', String(cpus)],
    ['-m', `${memoryMiB}M`],
    // Here the kernel says where its VMCOREINFO is, for dump-guest-memory.
    ['-device', 'vmcoreinfo'],
  ];
}

function firmwareOptions({ code, vars }: MachineConfig['firmware']): QemuOption[] {
  return [
    ['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${quoteOptarg(code)}`],
    ['-drive', `if=pflash,unit=1,format=raw,file=${quoteOptarg(vars)}`],
  ];
}

function kernelOptions({ kernel, initrd, cmdline }: MachineConfig): QemuOption[] {
  return [
    ...(kernel === undefined ? [] : [['-kernel', kernel] as const]),
    ...(initrd === undefined ? [] : [['-initrd', initrd] as const]),
    ...(cmdline === undefined ? [] : [['-append', cmdline] as const]),
  ];
}

function diskOptions({ serial, path, readonly }: Disk): QemuOption[] {
  const mode = readonly ? 'on' : 'off';
  // A machine that goes on from a saved state would meet the locks of its own other descriptors.
  const locking = path.startsWith('/dev/fdset/') ? ',file.locking=off' : '';
  return [
    [
      '-drive',
      // No disk is needed after a crash of the host: flushes need not reach the platter.
      `if=none,id=${serial},format=raw,cache=unsafe,readonly=${mode},file=${quoteOptarg(path)}${locking}`,
    ],
    // An I/O error is the host's fault: it must stop the machine, not look like a fault of the kernel.
    ['-device', `virtio-blk-pci,drive=${serial},serial=${serial},werror=stop,rerror=stop`],
  ];
}

function chardevOptions(config: MachineConfig): QemuOption[] {
  return [
    ...socketsOf(config).map((name): QemuOption => {
      const path = quoteOptarg(join(config.folder, socketFile(name)));
      return ['-chardev', `socket,id=${name},server=off,path=${path}`];
    }),
    ['-mon', 'chardev=qmp,mode=control'],
    // In this order: ttyS0, ttyS1.
    ['-serial', 'chardev:console'],
    ['-serial', 'chardev:agent'],
  ];
}

/** Where the driver reports (`guest/personality/report.c`): not at 0x402, where firmware with debug output does. */
const REPORT_PORT = 0x404;

function personalityOptions({ personality }: MachineConfig): QemuOption[] {
  if (personality === undefined) return [];
  const { device, rom, romBytes, layout, hold = false } = personality;
  return [
    ['-device', `isa-debugcon,iobase=${REPORT_PORT},chardev=personality`],
    ['-device', `${device},romfile=${quoteOptarg(rom)},romsize=${romBytes}`],
    ['-fw_cfg', `name=opt/sub1m/layout,file=${quoteOptarg(layout)}`],
    ['-fw_cfg', `name=opt/sub1m/hold,string=${hold ? 1 : 0}`],
  ];
}

function networkOptions({ network }: MachineConfig): QemuOption[] {
  if (network === undefined) return [];
  // The host's kernel chooses port 0 from those that are free.
  const forward = `hostfwd=tcp:127.0.0.1:0-:${network.guestPort}`;
  return [
    ['-netdev', `user,id=network,restrict=on,${forward}`],
    // Without a ROM the firmware does not try to boot from it.
    ['-device', 'virtio-net-pci,netdev=network,romfile='],
  ];
}

function debuggerOptions({ debugger: path }: MachineConfig): QemuOption[] {
  if (path === undefined) return [];
  return [
    ['-chardev', `socket,id=debugger,server=on,wait=off,path=${quoteOptarg(path)}`],
    ['-gdb', 'chardev:debugger'],
  ];
}

function incomingOptions({ incoming }: MachineConfig): QemuOption[] {
  return incoming === undefined ? [] : [['-incoming', incoming]];
}

/** QEMU's option parser ends a value at a comma unless it is doubled. */
export function quoteOptarg(value: string): string {
  return value.replaceAll(',', ',,');
}
