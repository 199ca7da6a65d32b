// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { qemuArgs } from '../qemu/qemu-args.ts';
import {
  type FirmwareShape,
  type HoldableConfig,
  firmwareShape,
  hostLines,
  savingConfig,
  shapeKey,
} from './firmware-shape.ts';

const CONFIG: HoldableConfig = {
  binary: '/usr/bin/qemu-system-x86_64',
  accel: 'tcg',
  cpus: 1,
  memoryMiB: 1024,
  firmware: { code: '/ovmf/code', vars: '/tmp/a/vars' },
  kernel: '/boot/vmlinuz',
  initrd: '/cache/initrd',
  cmdline: 'console=ttyS0',
  disks: [{ serial: 'input', path: '/tmp/a/input', readonly: true }],
  personality: { device: 'pci-testdev', rom: '/cache/rom', romBytes: 65_536, layout: '/tmp/a/x' },
  folder: '/tmp/a',
};

const PARTS = {
  qemu: { version: '7.2.22', sha256: 'q' },
  firmware: { code: 'c', vars: 'v', rom: 'r' },
  host: ['6.1.0', 'flags : sse'],
};

const keyOf = (
  changes: Partial<HoldableConfig> = {},
  parts: Partial<Pick<FirmwareShape, 'qemu' | 'firmware' | 'host'>> = {},
): string => shapeKey(firmwareShape({ ...CONFIG, ...changes }, { ...PARTS, ...parts }));

describe('the key of a saved firmware', () => {
  const disk = { serial: 'vmcore', path: '/tmp/a/vmcore', readonly: false };
  it.each<[string, string]>([
    ['the version of QEMU', keyOf({}, { qemu: { ...PARTS.qemu, version: '7.2.23' } })],
    ['the bytes of QEMU', keyOf({}, { qemu: { ...PARTS.qemu, sha256: 'other' } })],
    ['the firmware', keyOf({}, { firmware: { ...PARTS.firmware, code: 'other' } })],
    ['its variables', keyOf({}, { firmware: { ...PARTS.firmware, vars: 'other' } })],
    ['the option ROM', keyOf({}, { firmware: { ...PARTS.firmware, rom: 'other' } })],
    ["the host's CPU or kernel", keyOf({}, { host: ['6.1.0', 'flags : sse avx'] })],
    ['the accelerator, and with it the CPU model', keyOf({ accel: 'kvm' })],
    ['CPUs', keyOf({ cpus: 2 })],
    ['memory', keyOf({ memoryMiB: 1025 })],
    ['a disk', keyOf({ disks: [...CONFIG.disks, disk] })],
    ['the name of a disk', keyOf({ disks: [disk] })],
    [
      'the rights of a disk',
      keyOf({ disks: CONFIG.disks.map((one) => ({ ...one, readonly: false })) }),
    ],
    ['a network', keyOf({ network: { guestPort: 22 } })],
    ['the device of the ROM', keyOf({ personality: { ...CONFIG.personality, device: 'other' } })],
    ['its BAR', keyOf({ personality: { ...CONFIG.personality, romBytes: 1024 } })],
  ])('is another with another value of %s', (_, key) => {
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(key).not.toBe(keyOf());
  });

  it('is the same for another kernel, command line and layout, and other places of the files', () => {
    const { personality } = CONFIG;
    expect(
      keyOf({
        binary: '/elsewhere/qemu',
        firmware: { code: '/elsewhere/code', vars: '/tmp/b/vars' },
        kernel: '/other/vmlinuz',
        initrd: '/other/initrd',
        cmdline: 'crashkernel=256M',
        disks: [{ serial: 'input', path: '/tmp/b/input', readonly: true }],
        personality: { ...personality, rom: '/other/rom', layout: '/tmp/b/x', hold: false },
        folder: '/tmp/b',
      }),
    ).toBe(keyOf());
  });
});

it('saves a machine that is held, and knows nothing of what a cell gives it later', () => {
  const incoming = '/state';
  const args = qemuArgs(savingConfig({ ...CONFIG, incoming, debugger: '/gdb.sock' })).join(' ');
  expect(args).toContain('name=opt/sub1m/hold,string=1');
  for (const later of ['-kernel', '-initrd', '-append', '-incoming', '-gdb']) {
    expect(args).not.toContain(later);
  }
});

it('takes of the host what its guests may see, and nothing that changes by itself', () => {
  const cpu = (nr: number, mhz: string): string =>
    `processor\t: ${nr}\nvendor_id\t: AuthenticAMD\nmodel\t\t: 2\ncpu MHz\t\t: ${mhz}\nflags\t\t: fpu vme\n`;
  const lines = ['6.18.0', 'vendor_id\t: AuthenticAMD', 'model\t\t: 2', 'flags\t\t: fpu vme'];
  expect(hostLines('6.18.0', `${cpu(0, '2000')}\n${cpu(1, '3000')}`)).toEqual(lines);
  expect(hostLines('6.18.0', cpu(0, '2500'))).toEqual(lines);
});
