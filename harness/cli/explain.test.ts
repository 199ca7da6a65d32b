// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLayout } from '../layout/layout.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const log = (name: string): string => projectPath(`harness/layout/testdata/logs/${name}`);
const X240 = log('f19-grub-efi-map-low-x240.txt');

// Each starts a process, which takes a second or two.
describe('sub1m explain', { timeout: 30_000 }, () => {
  it('says where log and model differ, and what would make them agree: 1', async () => {
    const { status, stdout, stderr } = await runSub1m(['explain', X240]);
    expect(stdout).toContain('differs: the log does not show what the model predicts.');
    expect(stdout).toContain('(pages 0x5f-0x62, 0x65-0x68)');
    expect(stdout).toContain(
      "It would agree with --reserved 0x65000-0x65fff (the EFI map's place)",
    );
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  });

  it('agrees with what nobody but its owner tells: 0', async () => {
    const told = ['--reserved', '0x65000-0x65fff'];
    const { status, stdout } = await runSub1m(['explain', X240, ...told]);
    expect(stdout).toContain('reserved pages of zone DMA: 73, as predicted');
    expect(status).toBe(0);
  });

  it('prints a document', async () => {
    const { status, stdout } = await runSub1m(['explain', log('f14-sandy-bridge.txt'), '--json']);
    expect(parseDocument('explain', stdout)).toMatchObject({
      verdict: 'agrees',
      policy: { id: 'backup-region' },
      trampoline: '0x97000',
      dump: { kind: 'none' },
    });
    expect(status).toBe(0);
  });

  it("explains a cell's folder", async () => {
    const cell = projectPath('harness/testdata/5.10-256m-2-cpus');
    const { stdout } = await runSub1m(['explain', cell]);
    expect(stdout).toContain('by the policy lock-on-crashkernel: it says that it locks');
    expect(stdout).toContain('the lock of the first 1 MiB: yes, as predicted');
  });

  it('saves a layout, which others read, and overwrites none', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'mine.json');
    const { stderr } = await runSub1m(['explain', X240, '--save-layout', path]);
    expect(stderr).toContain(`Wrote ${path}`);
    expect(parseLayout(await readFile(path, 'utf8'), path).maps.efiMap).not.toBeNull();
    const again = await runSub1m(['explain', X240, '--save-layout', path]);
    expect(again).toMatchObject({ status: 64, stdout: '' });
    expect((await runSub1m(['model', '--layout', path])).status).toBe(0);
  });

  it('reads this machine, and says what it could not see', async () => {
    const { status, stdout, stderr } = await runSub1m(['explain', '--policy', 'reserve-1m']);
    // A container may show nothing of its machine.
    const shown = status === 65 ? stderr : stdout;
    expect(shown).toMatch(/Not seen: the BIOS data area|Cannot see the memory map/);
  });

  it.each([
    { what: 'without a release', args: [log('f11-bios-88.txt')], says: 'name it with --policy' },
    { what: 'that is a layout', args: ['x1c7'], says: 'ask "sub1m model" about it' },
    { what: 'that is cut', args: [log('f05-efi-map-cut-off.txt')], says: 'this line is cut' },
  ])('refuses a log $what: 65', async ({ args, says }) => {
    const end = await runSub1m(['explain', ...args]);
    expect(end.stderr).toContain(says);
    expect(end).toMatchObject({ status: 65, stdout: '' });
  });

  it('refuses a log that does not exist: 64', async () => {
    const end = await runSub1m(['explain', '/none']);
    expect(end.stderr).toContain('neither a readable file');
    expect(end).toMatchObject({ status: 64, stdout: '' });
  });
});
