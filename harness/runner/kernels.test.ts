// SPDX-License-Identifier: MIT
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { bzImage } from '../kernel/testing/bz-image-builder.ts';
import { silentLog } from '../log.ts';
import { expand } from '../matrix/expand.ts';
import { sha256 } from '../process/file-hash.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { requireKernels } from './kernels.ts';

it('looks at a kernel again when a cell is run again, and takes no other', async () => {
  await using temp = await makeTempDir();
  const image = join(temp.path, 'bzImage');
  await writeFile(image, bzImage());
  const environment = {
    cacheDir: temp.path,
    path: '',
    mirror: undefined,
    provider: 'other' as const,
    firmwareFolders: [],
  };
  const { signal } = new AbortController();
  const cells = expand({ kernel: [image] });
  await using kernels = await requireKernels(cells, {}, { environment, signal, log: silentLog });
  expect(await kernels.again(image)).toEqual(await kernels.get(image));
  await appendFile(image, 'x');
  const [expected, found] = [bzImage(), Buffer.concat([bzImage(), Buffer.from('x')])].map(sha256);
  await expect(kernels.again(image)).rejects.toThrow(
    new InputError(
      `Cannot run ${image} again: expected ${image} with sha256 ${expected}, found ${found}; start a new run`,
    ),
  );
});
