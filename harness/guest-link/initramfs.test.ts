// SPDX-License-Identifier: MIT
import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { sha256 } from '../process/file-hash.ts';
import { runCommand } from '../process/owned-process.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { type GuestImage, requireGuestImage } from './initramfs.ts';

const { signal } = new AbortController();
const VMLINUZ = 'a kernel';
const MODULE = 'a module';

let temp: TempDir;
let said: string[];
let kernel: Parameters<typeof requireGuestImage>[0];
beforeAll(async () => {
  temp = await makeTempDir();
});
afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});
beforeEach(async () => {
  said = [];
  const [image, module] = [join(temp.path, 'vmlinuz'), join(temp.path, '00-virtio.ko')];
  await writeFile(image, VMLINUZ);
  await writeFile(module, MODULE);
  kernel = {
    image,
    imageSha256: sha256(VMLINUZ),
    modules: [module],
    moduleSha256: new Map([[module, sha256(MODULE)]]),
  };
});

function pack(cache = 'cache'): Promise<GuestImage> {
  const log = heardLog(said, 'warn');
  return requireGuestImage(kernel, { cacheDir: join(temp.path, cache), signal, log });
}

async function hashesOf({ initrd, input }: GuestImage): Promise<string[]> {
  return [sha256(await readFile(initrd)), sha256(await readFile(input))];
}

describe('what a cell gives its machine', () => {
  it('has the hashes that it is said to have, and the kernel and initramfs on its disk', async () => {
    const image = await pack();
    expect(await hashesOf(image)).toEqual([image.initrdSha256, image.inputSha256]);
    const inside = (name: string): Promise<string> =>
      runCommand(['sh', '-c', 'tar -xOf "$1" "$2" | sha256sum', 'sh', image.input, name], {
        signal,
      });
    expect(await inside('vmlinuz')).toContain(sha256(VMLINUZ));
    expect(await inside('initrd')).toContain(image.initrdSha256);
    expect(await readdir(dirname(image.input))).toEqual(['initrd', 'input', 'sealed.json']);
  });

  it.each(['initrd', 'input'] as const)('is made anew, once, if %s is cut', async (name) => {
    const image = await pack();
    await truncate(image[name], 0);
    const again = await pack();
    expect(await hashesOf(again)).toEqual([again.initrdSha256, again.inputSha256]);
    expect(again.initrdSha256).toBe(image.initrdSha256);
    await pack();
    expect(said).toEqual([expect.stringMatching(/^cache: .* was damaged .*; made anew$/)]);
  });

  it('is made anew, once, if the archive with the agent is cut', async () => {
    const before = await pack();
    const bases = join(temp.path, 'cache/guest-base');
    const [base = ''] = (await readdir(bases)).filter((name) => !name.endsWith('.lock'));
    await truncate(join(bases, base, 'agent.cpio'), 100);
    expect((await pack()).initrdSha256).toBe(before.initrdSha256);
    expect(said).toEqual([expect.stringContaining('agent.cpio: expected ')]);
  });

  it.each(['image', 'module'] as const)(
    'is not made of another %s than the kernel’s, and once that is mended, of the right one',
    async (what) => {
      const cache = `fresh-${what}`;
      const path = what === 'image' ? kernel.image : (kernel.modules[0] ?? '');
      await truncate(path, 3);
      await expect(pack(cache)).rejects.toThrow(InputError);
      await expect(pack(cache)).rejects.toThrow(`Cannot pack ${path}: expected sha256 `);
      await writeFile(path, what === 'image' ? VMLINUZ : MODULE);
      expect((await pack(cache)).initrdSha256).toBe((await pack()).initrdSha256);
    },
  );
});
