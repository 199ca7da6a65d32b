// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../../errors.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { readLogText } from './log-bytes.ts';

const TEXT = 'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n';
const missing = (why: string): string => `missing: ${why}`;

async function readBack(bytes: Uint8Array): Promise<string> {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'log');
  await writeFile(path, bytes);
  return await readLogText(path, { missing });
}

const packed = (...command: readonly string[]): Buffer =>
  execFileSync(command[0] ?? '', command.slice(1), { input: TEXT });
const utf16 = Buffer.from(TEXT, 'utf16le');

describe('a log is read as text', () => {
  it.each([
    ['as it is', Buffer.from(TEXT)],
    ['packed by gzip', packed('gzip', '-c')],
    ['packed by xz', packed('xz', '-c')],
    ['packed by zstd', packed('zstd', '-qc')],
    ['packed by bzip2', packed('bzip2', '-c')],
    ['in UTF-16, little-endian', utf16],
    ['in UTF-16, big-endian', Buffer.from(utf16).swap16()],
  ])('%s', async (_what, bytes) => {
    expect(await readBack(bytes)).toBe(TEXT);
  });

  it('in UTF-16 with a mark, and in Windows-1252: what is no ASCII does not matter', async () => {
    expect(await readBack(Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))).toContain(TEXT);
    expect(
      await readBack(Buffer.concat([Buffer.from([0xe4, 0x96, 10]), Buffer.from(TEXT)])),
    ).toContain(TEXT);
  });

  it.each(['system', 'dead'])("out of a cell's folder: %s/dmesg", async (inside) => {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, inside));
    await writeFile(join(temp.path, inside, 'dmesg'), TEXT);
    expect(await readLogText(temp.path, { missing })).toBe(TEXT);
  });
});

describe('a log is refused', () => {
  it.each([
    ['gzip', packed('gzip', '-c')],
    ['xz', packed('xz', '-c')],
    ['zstd', packed('zstd', '-qc')],
  ])('that %s packed and somebody cut', async (_what, bytes) => {
    await expect(readBack(bytes.subarray(0, -8))).rejects.toThrow(FormatError);
  });

  it('that is too long once it is unpacked', async () => {
    const bomb = execFileSync('gzip', ['-c'], { input: Buffer.alloc(65 * 1024 * 1024) });
    await expect(readBack(bomb)).rejects.toThrow('expected at most 67108864 bytes of text');
  });

  it('that does not exist', async () => {
    await expect(readLogText('/none', { missing })).rejects.toThrow(UsageError);
  });

  it('of a folder without one, and of one that leads elsewhere', async () => {
    await using temp = await makeTempDir();
    await expect(readLogText(temp.path, { missing })).rejects.toThrow(
      'found a folder without system/dmesg or dead/dmesg',
    );
    await mkdir(join(temp.path, 'system'));
    await symlink('/etc/passwd', join(temp.path, 'system/dmesg'));
    await expect(readLogText(temp.path, { missing })).rejects.toThrow('a symbolic link');
  });
});
