// SPDX-License-Identifier: MIT
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { FormatError, UnsupportedFormatError, UsageError } from '../errors.ts';
import { hex } from '../memory/pfn.ts';
import { sha256Once } from '../process/file-hash.ts';

/** What a kernel image says about itself. */
interface KernelImage {
  /** `uname -r` of the kernel. */
  readonly release: string;
  readonly sha256: string;
}

/** Bytes in a sector, the unit of `setup_sects`. */
const SECTOR = 512;

/**
 * Bytes at the start of a file that hold the whole real-mode part: the boot sector and up to 255
 * more sectors.
 */
const SETUP_LIMIT = 256 * SECTOR;

/** Bytes up to the end of `xloadflags`, the last header field read here. */
const HEADER_BYTES = 0x238;

/** The first boot protocol with `xloadflags` (Linux 3.8). */
const PROTOCOL_MIN = 0x020c;

const XLF_KERNEL_64 = 1 << 0;

/** What a file that is not a bzImage may be, by its first bytes. */
const OTHER_FORMATS: readonly (readonly [magic: string, what: string])[] = [
  ['\x7fELF', 'an ELF file (vmlinux?)'],
  ['\x1f\x8b', 'gzip data'],
  ['\xfd7zXZ\0', 'xz data'],
  ['\x28\xb5\x2f\xfd', 'zstd data'],
  ['MZ', 'an EFI program'],
  ['', 'an unknown format'],
];

/**
 * Reads a bzImage. Throws `UsageError` if there is no such file and `FormatError` if it is
 * something else.
 */
export async function readKernelImage(path: string): Promise<KernelImage> {
  const { head, fileBytes } = await readHead(path);
  return { release: parseKernelRelease(head, { path, fileBytes }), sha256: await sha256Once(path) };
}

/** The first `SETUP_LIMIT` bytes of a file, and its size. */
export async function readHead(path: string): Promise<{ head: Uint8Array; fileBytes: number }> {
  const info = await statFile(path);
  if (!info.isFile()) throw notBzImage(path, info.isDirectory() ? 'a folder' : 'a device or pipe');
  await using file = await open(path);
  const head = new Uint8Array(SETUP_LIMIT);
  const { bytesRead } = await file.read(head);
  return { head: head.subarray(0, bytesRead), fileBytes: info.size };
}

async function statFile(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw new UsageError(
      `Cannot find the kernel ${path}: no such file; name a bzImage, a .deb or debian:<version>`,
      { cause: error },
    );
  }
}

/**
 * The release in the setup header of a bzImage for x86-64 with an EFI stub, of which `head` is the
 * beginning (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
 */
export function parseKernelRelease(
  head: Uint8Array,
  { path, fileBytes }: { readonly path: string; readonly fileBytes: number },
): string {
  const header = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < HEADER_BYTES) throw notBzImage(path, `a file of ${head.length} bytes`);
  const isBzImage = header.getUint16(0x1fe, true) === 0xaa55 && latin1(head, 0x202, 4) === 'HdrS';
  if (!isBzImage) throw notBzImage(path, formatOf(head));
  requireBootable(path, header);
  // Zero means four for reasons of the 1990s.
  const setupBytes = ((header.getUint8(0x1f1) || 4) + 1) * SECTOR;
  const expected = setupBytes + header.getUint32(0x1f4, true) * 16;
  if (fileBytes < expected) {
    throw new FormatError(
      `Cannot read ${path}: expected ${expected} bytes as its header says, found ${fileBytes}; copy it again`,
    );
  }
  const kernel_version = header.getUint16(0x20e, true) + 0x200;
  const [release] = latin1(head, kernel_version, setupBytes - kernel_version).split(/[\s\0]/);
  if (!release) throw new FormatError(`Cannot read ${path}: no release at ${hex(kernel_version)}`);
  return release;
}

function requireBootable(path: string, header: DataView): void {
  const version = header.getUint16(0x206, true);
  if (version < PROTOCOL_MIN) {
    throw new UnsupportedFormatError(
      `Cannot boot ${path}: expected boot protocol ${hex(PROTOCOL_MIN)}, found ${hex(version)}`,
    );
  }
  if ((header.getUint16(0x236, true) & XLF_KERNEL_64) === 0) {
    throw new UnsupportedFormatError(`Cannot boot ${path}: expected x86-64, found a 32-bit kernel`);
  }
  if (header.getUint16(0, false) !== 0x4d5a) {
    throw new UnsupportedFormatError(`Cannot boot ${path}: no EFI stub; set CONFIG_EFI_STUB=y`);
  }
}

function formatOf(head: Uint8Array): string {
  const found = OTHER_FORMATS.find(([magic]) => latin1(head, 0, magic.length) === magic);
  return found?.[1] ?? '';
}

function notBzImage(path: string, found: string): FormatError {
  return new FormatError(
    `Cannot use ${path} as a kernel: expected a bzImage or .deb, found ${found}; ` +
      'after a build the image is arch/x86/boot/bzImage',
  );
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + Math.max(0, length))).toString('latin1');
}
