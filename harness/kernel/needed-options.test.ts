// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { hidingOptions, missingOptions } from './needed-options.ts';

const OURS = new URL('../../images/config/sub1m.config', import.meta.url);

/** What our fragment does not say because the kernel sets it by itself. */
const IMPLIED = 'CONFIG_X86_64=y\n';

async function ours(): Promise<string> {
  return IMPLIED + (await readFile(OURS, 'utf8'));
}

it('finds everything needed in our own config', async () => {
  expect(missingOptions(await ours())).toEqual([]);
  expect(hidingOptions(await ours())).toEqual([]);
});

it('takes a config that hides something, and says what', async () => {
  const config = (await ours()).replace(
    'CONFIG_KALLSYMS_ALL=y',
    '# CONFIG_KALLSYMS_ALL is not set',
  );
  expect(missingOptions(config)).toEqual([]);
  expect(hidingOptions(config)).toEqual([
    'CONFIG_KALLSYMS_ALL (the addresses of data, such as real_mode_header)',
  ]);
});

it.each([
  { line: '# CONFIG_EFI_STUB is not set', found: 'CONFIG_EFI_STUB (OVMF starts the image itself)' },
  { line: 'CONFIG_VIRTIO_BLK=m', found: 'CONFIG_VIRTIO_BLK (the disks)' },
  { line: '', found: 'CONFIG_PROC_VMCORE (/proc/vmcore)' },
])('names $found where the config has "$line"', async ({ line, found }) => {
  const [option = ''] = found.split(' ');
  const config = (await ours()).replace(`${option}=y`, line);
  expect(missingOptions(config)).toEqual([found]);
});

it('names every option of an empty config', () => {
  expect(missingOptions('').length).toBeGreaterThan(20);
});
