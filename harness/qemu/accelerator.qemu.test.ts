// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { chooseAccelerator } from './accelerator.ts';

it('decides by a boot whether KVM works on this host', async () => {
  await using cache = await makeTempDir();
  const { kind, why, kvm } = await chooseAccelerator('auto', {
    log: silentLog,
    binary: '/usr/bin/qemu-system-x86_64',
    firmware: {
      code: '/usr/share/OVMF/OVMF_CODE_4M.fd',
      vars: '/usr/share/OVMF/OVMF_VARS_4M.fd',
    },
    cacheFolder: cache.path,
    signal: new AbortController().signal,
  });
  expect(kind).toBe(kvm.works ? 'kvm' : 'tcg');
  expect(why).toBe(kvm.why);
  expect(why).toMatch(
    kvm.works
      ? /^OVMF boots under KVM$/
      : /^there is no \/dev\/kvm$|^KVM is present but (OVMF does not boot under it|\/dev\/kvm may)/,
  );
});
