// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { MachineConfig } from './machine-config.ts';
import { qemuArgs } from './qemu-args.ts';

const config: MachineConfig = {
  binary: 'qemu-system-x86_64',
  accel: 'tcg',
  cpus: 2,
  memoryMiB: 1024,
  firmware: { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', vars: '/tmp/m/OVMF_VARS.fd' },
  kernel: '/cache/vmlinuz',
  initrd: '/cache/initrd',
  cmdline: 'console=ttyS0 panic=-1 memmap=4K$0x0,5K$0x1000',
  disks: [
    { serial: 'in', path: '/tmp/m/a,b.img', readonly: true },
    { serial: 'out', path: '/tmp/m/out.img', readonly: false },
  ],
  folder: '/tmp/m',
};

it('spells out a whole machine', () => {
  expect(qemuArgs(config).join('\n')).toMatchInlineSnapshot(`
    "-nodefaults
    -no-user-config
    -sandbox
    on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
    -display
    none
    -no-reboot
    -S
    -machine
    q35,smm=off
    -accel
    tcg
    -cpu
    max
    -smp
    2
    -m
    1024M
    -device
    vmcoreinfo
    -drive
    if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
    -drive
    if=pflash,unit=1,format=raw,file=/tmp/m/OVMF_VARS.fd
    -kernel
    /cache/vmlinuz
    -initrd
    /cache/initrd
    -append
    console=ttyS0 panic=-1 memmap=4K$0x0,5K$0x1000
    -drive
    if=none,id=in,format=raw,cache=unsafe,readonly=on,file=/tmp/m/a,,b.img
    -device
    virtio-blk-pci,drive=in,serial=in,werror=stop,rerror=stop
    -drive
    if=none,id=out,format=raw,cache=unsafe,readonly=off,file=/tmp/m/out.img
    -device
    virtio-blk-pci,drive=out,serial=out,werror=stop,rerror=stop
    -chardev
    socket,id=qmp,server=off,path=/tmp/m/qmp.sock
    -chardev
    socket,id=console,server=off,path=/tmp/m/console.sock
    -chardev
    socket,id=agent,server=off,path=/tmp/m/agent.sock
    -mon
    chardev=qmp,mode=control
    -serial
    chardev:console
    -serial
    chardev:agent"
  `);
});

it('locks no disk that is handed over: a machine that goes on would meet its own lock', () => {
  const disks = [{ serial: 'out', path: '/dev/fdset/3', readonly: false }];
  expect(qemuArgs({ ...config, disks }).join(' ')).toContain('file=/dev/fdset/3,file.locking=off');
  expect(qemuArgs(config).join(' ')).not.toContain('locking');
});

it('passes the CPU of the host through under KVM', () => {
  const args = qemuArgs({ ...config, accel: 'kvm' }).join(' ');
  expect(args).toContain('-accel kvm -cpu host');
});

it('gives the firmware nothing to boot if there is no kernel', () => {
  const { binary, accel, cpus, memoryMiB, firmware, folder } = config;
  const args = qemuArgs({ binary, accel, cpus, memoryMiB, firmware, folder, disks: [] });
  expect(args).not.toContain('-kernel');
  expect(args).not.toContain('-initrd');
  expect(args).not.toContain('-append');
});

it('has a network device only on request, isolated except for one port of the host', () => {
  const plain = qemuArgs(config);
  expect(plain.join(' ')).not.toMatch(/netdev|-net |-nic |virtio-net/);
  // QEMU gives a machine a network by default.
  expect(plain).toContain('-nodefaults');
  const args = qemuArgs({ ...config, network: { guestPort: 22 } });
  expect(args.filter((arg) => !plain.includes(arg))).toEqual([
    '-netdev',
    'user,id=network,restrict=on,hostfwd=tcp:127.0.0.1:0-:22',
    'virtio-net-pci,netdev=network,romfile=',
  ]);
});

it('opens a gdbstub for a debugger only on request', () => {
  expect(qemuArgs(config)).not.toContain('-gdb');
  const args = qemuArgs({ ...config, debugger: '/tmp/m/gdb.sock' });
  expect(args.filter((arg) => !qemuArgs(config).includes(arg))).toEqual([
    'socket,id=debugger,server=on,wait=off,path=/tmp/m/gdb.sock',
    '-gdb',
    'chardev:debugger',
  ]);
});
