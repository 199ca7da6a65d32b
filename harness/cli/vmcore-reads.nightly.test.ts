// SPDX-License-Identifier: MIT
/** Every page of a vmcore, by read() and by mmap(): a minute under KVM, three under TCG. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

it('finds that each page of a vmcore reads the same in both ways', async () => {
  await using temp = await makeTempDir();
  const options = ['--crashkernel', '256M', '--vmcore', 'both'];
  const results = ['--results', join(temp.path, 'run')];
  const { status, stdout } = await runSub1m(['check', 'debian:6.12', ...options, ...results]);
  const words = stdout.replaceAll(/\s+/g, ' ');
  expect(words).toMatch(
    /kdump\.vmcore-reads is kept: read\(\), pread\(\) and mmap\(\) agree on all /,
  );
  expect(status).toBe(0);
});
