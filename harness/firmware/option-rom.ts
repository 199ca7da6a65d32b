// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';

/** The device that carries the ROM: QEMU's pci-testdev, for which Linux has no driver. */
export const ROM_DEVICE = { name: 'pci-testdev', vendor: 0x1b36, device: 0x0005 } as const;

/** The size of the ROM's BAR, in bytes; fixed, so that machines with and without a layout are alike. */
export const ROM_BAR_BYTES = 64 * 1024;

/** The unit of lengths in a ROM, in bytes. */
const UNIT = 512;

/** Where the PCI data structure is, aligned to 4 bytes, and where the image begins. */
const PCIR_OFFSET = 0x1c;
const PCIR_LENGTH = 0x1c;
const IMAGE_OFFSET = 0x38;

const EFI_ROM_SIGNATURE = 0x0ef1;
const SUBSYSTEM_BOOT_SERVICE_DRIVER = 11;
const MACHINE_X64 = 0x8664;
const CODE_TYPE_EFI = 3;
const LAST_IMAGE = 0x80;

/**
 * Packs an EFI driver as a PCI option ROM (PCI firmware specification 3.0, section 5.1; UEFI specification 2.10,
 * section 14.4.2). Throws `FormatError` unless it is a PE image and the ROM fits into its BAR.
 */
export function packOptionRom(driver: Uint8Array): Uint8Array {
  if (driver[0] !== 0x4d || driver[1] !== 0x5a) {
    throw new FormatError('Cannot pack the option ROM: expected a PE image ("MZ")');
  }
  const size = Math.ceil((IMAGE_OFFSET + driver.length) / UNIT) * UNIT;
  if (size > ROM_BAR_BYTES) {
    throw new FormatError(
      `Cannot pack the option ROM: expected at most ${ROM_BAR_BYTES} bytes, its BAR, found ${size}`,
    );
  }
  const rom = new Uint8Array(size);
  const view = new DataView(rom.buffer);
  view.setUint16(0x00, 0xaa55, true);
  view.setUint16(0x02, size / UNIT, true);
  view.setUint32(0x04, EFI_ROM_SIGNATURE, true);
  view.setUint16(0x08, SUBSYSTEM_BOOT_SERVICE_DRIVER, true);
  view.setUint16(0x0a, MACHINE_X64, true);
  view.setUint16(0x16, IMAGE_OFFSET, true);
  view.setUint16(0x18, PCIR_OFFSET, true);
  rom.set(Buffer.from('PCIR'), PCIR_OFFSET);
  view.setUint16(PCIR_OFFSET + 0x04, ROM_DEVICE.vendor, true);
  view.setUint16(PCIR_OFFSET + 0x06, ROM_DEVICE.device, true);
  view.setUint16(PCIR_OFFSET + 0x0a, PCIR_LENGTH, true);
  view.setUint8(PCIR_OFFSET + 0x0c, 3);
  view.setUint16(PCIR_OFFSET + 0x10, size / UNIT, true);
  view.setUint8(PCIR_OFFSET + 0x14, CODE_TYPE_EFI);
  view.setUint8(PCIR_OFFSET + 0x15, LAST_IMAGE);
  rom.set(driver, IMAGE_OFFSET);
  return rom;
}
