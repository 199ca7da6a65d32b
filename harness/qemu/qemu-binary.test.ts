// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { requireQemu } from './qemu-binary.ts';

const { signal } = new AbortController();

const QEMU_8 = '#!/bin/sh\necho "QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1)"\n';

it('takes the first executable on the path and its version', async () => {
  await using folder = await makeTempDir();
  await using empty = await makeTempDir();
  const path = join(folder.path, 'qemu-system-x86_64');
  await writeFile(path, QEMU_8, { mode: 0o700 });
  await writeFile(join(empty.path, 'qemu-system-x86_64'), QEMU_8, { mode: 0o600 });
  expect(await requireQemu(`:/nowhere:${empty.path}:${folder.path}`, signal)).toEqual({
    path,
    version: '8.2.2',
  });
});

it('names the package if there is none', async () => {
  await expect(requireQemu('/nowhere:/no', signal)).rejects.toThrow(
    new HostError(
      'Cannot find qemu-system-x86_64: no QEMU for x86_64 in /nowhere:/no; ' +
        'install the package qemu-system-x86',
    ),
  );
});

it('refuses something else with that name', async () => {
  await using folder = await makeTempDir();
  const path = join(folder.path, 'qemu-system-x86_64');
  await writeFile(path, '#!/bin/sh\necho cuckoo\n', { mode: 0o700 });
  await expect(requireQemu(folder.path, signal)).rejects.toThrow(
    new HostError(
      'Cannot read the version of qemu-system-x86_64: expected "QEMU emulator version …", ' +
        'found "cuckoo"; install the package qemu-system-x86',
    ),
  );
});
