// SPDX-License-Identifier: MIT
import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { type AcceleratorOptions, chooseAccelerator } from './accelerator.ts';
import { cachedAnswer } from './kvm-cache.ts';
import type { KvmAnswer } from './kvm-probe.ts';

/** A QEMU that notes that it was started and dies as one does whose KVM is broken. */
const BROKEN_QEMU = `#!/bin/sh
echo started >> "$0.starts"
echo 'qemu-system-x86_64: warning: old' >&2
echo 'qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69' >&2
kill -ABRT $$
`;

const WHY =
  'KVM is present but OVMF does not boot under it: ' +
  'QEMU ended with SIGABRT: failed to set MSR 0x10a to 0x69';

interface Host extends AsyncDisposable {
  readonly options: AcceleratorOptions & { readonly device: string };
  starts(): Promise<number>;
}

/** A host that has `/dev/kvm`, and a QEMU that fails with it. */
async function brokenHost(): Promise<Host> {
  const cleanups = new CleanupStack();
  const { path: folder } = cleanups.use(await makeTempDir());
  const at = (name: string): string => join(folder, name);
  await writeFile(at('qemu'), BROKEN_QEMU, { mode: 0o700 });
  for (const name of ['kvm', 'code.fd', 'vars.fd', 'qemu.starts']) await writeFile(at(name), '');
  return {
    options: {
      binary: at('qemu'),
      firmware: { code: at('code.fd'), vars: at('vars.fd') },
      cacheFolder: at('cache/deep'),
      device: at('kvm'),
      signal: new AbortController().signal,
      log: silentLog,
    },
    starts: async () => (await readFile(at('qemu.starts'), 'utf8')).split('\n').length - 1,
    [Symbol.asyncDispose]: () => cleanups[Symbol.asyncDispose](),
  };
}

it('falls back to TCG with the reason, and remembers it', async () => {
  await using host = await brokenHost();
  const expected = {
    kind: 'tcg',
    why: WHY,
    kvm: { present: true, mayOpen: true, works: false, why: WHY },
  };
  expect(await chooseAccelerator('auto', host.options)).toEqual(expected);
  expect(await chooseAccelerator('auto', host.options)).toEqual(expected);
  expect(await host.starts()).toBe(1);
});

it('is an error if KVM was requested', async () => {
  await using host = await brokenHost();
  const cache = join(host.options.cacheFolder, 'kvm-probe.json');
  await expect(chooseAccelerator('kvm', host.options)).rejects.toThrow(
    new HostError(`Cannot use KVM: ${WHY}; use TCG, or repair KVM and remove ${cache}`),
  );
});

it('probes nothing when TCG was requested', async () => {
  await using host = await brokenHost();
  expect(await chooseAccelerator('tcg', host.options)).toEqual({
    kind: 'tcg',
    why: 'TCG was requested',
    kvm: { present: true, mayOpen: true, works: false, why: 'not probed' },
  });
  expect(await host.starts()).toBe(0);
});

it('boots nothing if there is no device', async () => {
  await using host = await brokenHost();
  const why = 'there is no /dev/nowhere';
  expect(await chooseAccelerator('auto', { ...host.options, device: '/dev/nowhere' })).toEqual({
    kind: 'tcg',
    why,
    kvm: { present: false, mayOpen: false, works: false, why },
  });
  expect(await host.starts()).toBe(0);
});

it.each([
  {
    title: 'another QEMU',
    change: ({ binary }: AcceleratorOptions) => utimes(binary, 1, 1),
  },
  {
    title: 'another OVMF',
    change: ({ firmware }: AcceleratorOptions) => writeFile(firmware.code, 'new'),
  },
  {
    title: 'an answer for another kernel',
    change: ({ cacheFolder }: AcceleratorOptions) =>
      otherKernel(join(cacheFolder, 'kvm-probe.json')),
  },
  {
    title: 'a file of memories that cannot be read',
    change: ({ cacheFolder }: AcceleratorOptions) =>
      writeFile(join(cacheFolder, 'kvm-probe.json'), '{"schema":1,'),
  },
])('probes again with $title', async ({ change }) => {
  await using host = await brokenHost();
  await chooseAccelerator('auto', host.options);
  await change(host.options);
  await chooseAccelerator('auto', host.options);
  expect(await host.starts()).toBe(2);
});

it('trusts what it remembers', async () => {
  await using host = await brokenHost();
  const cache = join(host.options.cacheFolder, 'kvm-probe.json');
  await chooseAccelerator('auto', host.options);
  const entry = JSON.parse(await readFile(cache, 'utf8')) as { answer: object };
  await writeFile(cache, JSON.stringify({ ...entry, answer: { works: true, why: 'it did' } }));
  expect(await chooseAccelerator('kvm', host.options)).toEqual({
    kind: 'kvm',
    why: 'it did',
    kvm: { present: true, mayOpen: true, works: true, why: 'it did' },
  });
});

async function otherKernel(cache: string): Promise<void> {
  const entry = JSON.parse(await readFile(cache, 'utf8')) as { key: string };
  await writeFile(cache, JSON.stringify({ ...entry, key: `x${entry.key}` }));
}

it('probes again if the host may only have been busy', async () => {
  await using host = await brokenHost();
  const path = join(host.options.cacheFolder, 'kvm-probe.json');
  let asked = 0;
  const busy = (): Promise<KvmAnswer> => {
    asked++;
    return Promise.resolve({ works: false, why: 'no byte came', passing: true });
  };
  await cachedAnswer(path, host.options, busy);
  await cachedAnswer(path, host.options, busy);
  expect(asked).toBe(2);
});
