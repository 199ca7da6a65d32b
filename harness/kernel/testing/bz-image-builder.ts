// SPDX-License-Identifier: MIT

/** What a built bzImage says; each field defaults to that of a kernel that boots. */
export interface BzImageFields {
  readonly setup_sects?: number;
  readonly syssize?: number;
  readonly boot_flag?: number;
  readonly version?: number;
  readonly kernel_version?: number;
  readonly xloadflags?: number;
  readonly mz?: string;
  readonly text?: string;
}

/** Builds the setup header of a bzImage and zeros for the rest, for tests. */
export function bzImage(fields: BzImageFields = {}): Uint8Array {
  const { setup_sects = 7, syssize = 64, text = '6.12.43-test (a@b) #1 SMP' } = fields;
  const image = Buffer.alloc(((setup_sects || 4) + 1) * 512 + syssize * 16);
  image.write(fields.mz ?? 'MZ', 0, 'latin1');
  image.writeUInt8(setup_sects, 0x1f1);
  image.writeUInt32LE(syssize, 0x1f4);
  image.writeUInt16LE(fields.boot_flag ?? 0xaa55, 0x1fe);
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt16LE(fields.version ?? 0x020f, 0x206);
  image.writeUInt16LE(fields.kernel_version ?? 0x400, 0x20e);
  image.writeUInt16LE(fields.xloadflags ?? 0x7f, 0x236);
  image.write(`${text}\0`, 0x600, 'latin1');
  return image;
}
