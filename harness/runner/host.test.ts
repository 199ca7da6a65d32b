// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CellHost } from '../cell/cell-host.ts';
import { HostError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { requireHost } from './host.ts';

let temp: TempDir;
let code: string;
beforeEach(async () => {
  temp = await makeTempDir();
  await mkdir(join(temp.path, 'bin'));
  const version = "#!/bin/sh\necho 'QEMU emulator version 10.0.2'\n";
  await writeFile(join(temp.path, 'bin/qemu-system-x86_64'), version, { mode: 0o755 });
  code = join(temp.path, 'OVMF_CODE.fd');
  await writeFile(code, 'code');
  await writeFile(join(temp.path, 'OVMF_VARS.fd'), 'vars');
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** A host that has QEMU and no OVMF of its own. */
function hostWithoutOvmf(): Promise<CellHost> {
  const environment = {
    cacheDir: join(temp.path, 'cache'),
    path: join(temp.path, 'bin'),
    mirror: undefined,
    provider: 'other' as const,
    firmwareFolders: [join(temp.path, 'firmware')],
  };
  const { signal } = new AbortController();
  return requireHost({ environment, signal, log: silentLog }, { budget: 2 });
}

it('finds each firmware once, with its hash', async () => {
  const host = await hostWithoutOvmf();
  const found = await host.ovmf(code);
  expect(found).toMatchObject({ code, sha256: sha256('code') });
  await writeFile(code, 'other code');
  expect(await host.ovmf(code)).toBe(found);
});

it('needs no OVMF of the host for cells that name another', async () => {
  const host = await hostWithoutOvmf();
  expect(await host.accelerator({ accel: 'tcg', ovmf: code })).toEqual({
    kind: 'tcg',
    why: 'TCG was requested',
  });
  await expect(host.accelerator({ accel: 'tcg', ovmf: 'host' })).rejects.toThrow(HostError);
  await expect(host.ovmf('host')).rejects.toThrow('Cannot find OVMF: ');
});
