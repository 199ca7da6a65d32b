// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { physRange } from '../memory/phys-range.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { readThisMachine } from './this-machine.ts';

const { signal } = new AbortController();

const MEMMAP = {
  'sys/firmware/memmap/0/start': '0x0\n',
  'sys/firmware/memmap/0/end': '0x9fbff\n',
  'sys/firmware/memmap/0/type': 'System RAM\n',
  'sys/firmware/memmap/1/start': '0x100000\n',
  'sys/firmware/memmap/1/end': '0x7fffffff\n',
  'sys/firmware/memmap/1/type': 'System RAM\n',
};
const LOG =
  'Linux version 6.1.0 (user@host)\nBIOS-e820: [mem 0x0000000000000000-0x000000000009efff] usable\nefi: EFI v2.7 by X\n';

/** `efi_info` of boot_params: a map of 96 bytes at 0x65000. */
function bootParams(): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write('EL64', 0x1c0);
  bytes.writeUInt32LE(48, 0x1c8);
  bytes.writeUInt32LE(0x65000, 0x1d0);
  bytes.writeUInt32LE(96, 0x1d4);
  return bytes;
}

async function machineWith(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<Awaited<ReturnType<typeof readThisMachine>>> {
  await using temp = await makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(temp.path, name)), { recursive: true });
    await writeFile(join(temp.path, name), content);
  }
  const found = await readThisMachine({ root: temp.path, signal });
  // It only reads.
  const left = await readdir(temp.path, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toHaveLength(Object.keys(files).length);
  for (const [name, content] of Object.entries(files)) {
    expect(await readFile(join(temp.path, name))).toEqual(Buffer.from(content as string));
  }
  return found;
}

describe('the running machine', () => {
  it('is read from its log, and from what the boot loader left', async () => {
    const found = await machineWith({
      dmesg: LOG,
      'proc/cmdline': 'ro\n',
      'sys/kernel/boot_params/data': bootParams(),
      'sys/kernel/kexec_crash_loaded': '1\n',
    });
    expect(found.layout.maps.e820).toEqual([{ range: physRange(0, 0x9f000), ram: true }]);
    expect(found.reserved).toEqual([physRange(0x65000, 0x65060)]);
    expect(found.captureLoaded).toBe(true);
    expect(found.unseen).toEqual([
      'the BIOS data area: no kernel shows it',
      expect.stringContaining('/sys/firmware/memmap: ENOENT'),
      'the EFI memory map: only a boot with efi=debug shows it',
    ]);
  });

  it('is read from /sys/firmware/memmap where the log has lost its first lines', async () => {
    const { layout } = await machineWith({
      ...MEMMAP,
      dmesg: '[ 9.0] late\n',
      'proc/cmdline': 'ro crashkernel=256M\n',
    });
    expect(layout.maps.e820).toHaveLength(2);
    expect(layout.log?.causes.cmdline).toBe('ro crashkernel=256M');
    expect(layout.log?.notes).toContain('The map is of /sys/firmware/memmap: the log has none');
  });

  it('says what it could not see', async () => {
    const { unseen, captureLoaded } = await machineWith(MEMMAP);
    expect(captureLoaded).toBeNull();
    expect(unseen.map((text) => text.split(':')[0])).toEqual([
      'the BIOS data area',
      "the kernel's log",
      '/proc/cmdline',
      'where the boot loader put the EFI map',
      'whether a capture kernel is loaded',
    ]);
  });

  it('is refused if it shows no map at all', async () => {
    await expect(machineWith({ 'proc/cmdline': 'ro' })).rejects.toThrow(FormatError);
  });
});
