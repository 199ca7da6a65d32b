// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runCommand } from '../testing/run-command.ts';
import { runSub1m, sub1mCommand } from '../testing/run-sub1m.ts';

const LAYOUT = {
  schema: 1,
  id: 'mine',
  source: 'a test',
  kind: 'efi',
  ranges: [{ start: '0x0', end: '0x9ffff', type: 'Conventional' }],
};
const DMESG = [
  '[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable',
  ...[
    ['00', 'Conventional', '00000', '0ffff'],
    ['01', 'Boot Data   ', '10000', '13fff'],
    ['02', 'Conventional', '14000', '9ffff'],
  ].map(
    ([number, type, first, last]) =>
      `[    0.000000] efi: mem${number}: [${type}|   |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x00000000000${first}-0x00000000000${last}] (0MB)`,
  ),
].join('\n');

// Each starts a process, which takes a second or two.
describe('sub1m model', { timeout: 30_000 }, () => {
  it('compares policies on a layout of the corpus', async () => {
    const policy = 'lock-on-crashkernel,keep-on-crashkernel,two-phase';
    const args = ['model', '--layout', 'x1c7', '--policy', policy, '--crashkernel', '192M'];
    const { status, stdout, stderr } = await runSub1m([...args, '--history', '0x5f']);
    expect(stdout.match(/0x00000/g)).toHaveLength(3);
    expect(stdout).toContain(
      'lock-on-crashkernel frees 0x2-0xb, 0x5f-0x86 although crashkernel= is on the command line:\n' +
        '    efi_free_boot_services\n',
    );
    expect(stdout).toContain('Page 0x5f under two-phase\n');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('predicts a panic and names its step', async () => {
    const layout = ['--layout', 'synthetic-all-boot-services', '--cmdline', 'efi=debug'];
    const policy = 'reserve-1m-deferred';
    const { stdout } = await runSub1m(['model', ...layout, '--policy', policy, '--json']);
    const line = 'Kernel panic - not syncing: Real mode trampoline was not allocated';
    expect(parseDocument('model', stdout)).toMatchObject({
      predictions: [{ policy, panic: { step: 'init_real_mode', line }, trampoline: null }],
    });
  });

  it('shows the smallest layout on which a policy breaks a promise, and how', async () => {
    const args = ['model', '--prove', 'lowmem.locked', '--policy', 'lock-on-crashkernel'];
    const { status, stdout } = await runSub1m(args);
    expect(stdout).toContain(
      'lowmem.locked under lock-on-crashkernel: broken, at the smallest on\n' +
        '  0x0-0xfff Conventional\n  0x1000-0xffff BootServicesData\n  0x10000-0x9ffff Conventional\n' +
        '  crashkernel=192M\n  0x1-0xf: free in spite of crashkernel=\n  Page 0x1\n',
    );
    expect(status).toBe(0);
    const both = await runSub1m([...args, '--layout', 'x1c7']);
    expect(both.status).toBe(64);
  });

  it('reports on every layout under every policy', async () => {
    const { status, stdout } = await runSub1m(['model', '--corpus', '--json']);
    const { layouts } = parseDocument('corpus', stdout);
    expect(layouts).toHaveLength(163);
    expect(new Set(layouts.map(({ policies }) => Object.keys(policies).length))).toEqual(
      new Set([8]),
    );
    expect(status).toBe(0);
  });

  it.each([
    ['mine.json', JSON.stringify(LAYOUT), 'Layout mine; '],
    ['dmesg.txt', DMESG, '0x10-0x13: '],
  ])('reads %s', async (name, content, shown) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, name);
    await writeFile(path, content);
    const end = await runSub1m(['model', '--layout', path, '--crashkernel', '1M']);
    expect(end.stdout).toContain(shown);
    expect(end.status).toBe(0);
  });

  it('reads a log on standard input, one of its boots, with what no log tells', async () => {
    const log = projectPath('harness/layout/testdata/logs/f07-two-boots-two-maps.txt');
    const words = sub1mCommand().map((word) => `'${word}'`);
    const line = `gzip -c ${log} | ${words.join(' ')} model --layout - --boot 1 --policy reserve-1m --base-memory 620 --json`;
    const { stdout, status } = await runCommand(['bash', '-c', line], {});
    const { layout, log: basis, predictions } = parseDocument('model', stdout);
    expect(layout.id).toBe('stdin');
    expect(basis?.told).toContain('Boot 1 of 2 in the log; --boot <n> takes another');
    expect(basis?.policy).toBe('reserve-1m');
    expect(predictions[0]?.trampoline).toBe('0x95000');
    expect(status).toBe(0);
  });

  it.each([
    ['64G', 'crashkernel=64G does not fit into any piece of RAM'],
    ['much', 'The kernel reads no size for this machine in crashkernel=much'],
    ['64M', null],
  ])('says that there is no crash dump with crashkernel=%s', async (value, says) => {
    const log = projectPath('harness/layout/testdata/logs/f02b-e820-html.txt');
    const { stdout } = await runSub1m(['model', '--layout', log, '--crashkernel', value]);
    expect(stdout.replaceAll(/\s+/g, ' ').includes('there is no crash dump')).toBe(says !== null);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(says ?? '');
  });

  it.each([
    [
      'ranges that overlap',
      JSON.stringify({ ...LAYOUT, ranges: [LAYOUT.ranges[0], LAYOUT.ranges[0]] }),
      'ranges.1: 0x0-0x9ffff overlaps ranges.0',
    ],
    ['half a layout', JSON.stringify(LAYOUT).slice(0, 40), 'not JSON'],
    ['a dmesg without any map', 'Linux version 6.12\n', 'boot with efi=debug'],
  ])('refuses %s, with 65', async (_what, content, message) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'layout');
    await writeFile(path, content);
    const end = await runSub1m(['model', '--layout', path]);
    expect(end.stderr).toContain(message);
    expect(end).toMatchObject({ status: 65, stdout: '' });
  });

  it.each([
    ['an unknown id', ['--layout', 'x1c6'], 'the nearest id is x1c7'],
    ['an unknown policy', ['--corpus', '--policy', 'two'], 'the nearest is two-phase'],
    ['no layout', [], '--layout <id|file>, or --corpus'],
    [
      'a layout and the corpus',
      ['--layout', 'x1c7', '--corpus'],
      "cannot be used with option '--layout",
    ],
    ['a page above 1 MiB', ['--layout', 'x1c7', '--history', '0x100'], 'from 0x0 to 0xff'],
    [
      'base memory of more than 1 MiB',
      ['--layout', 'x1c7', '--base-memory', '1025'],
      'at most 1024',
    ],
    ['an EBDA within a paragraph', ['--layout', 'x1c7', '--ebda', '0x9d008'], 'that 16 divides'],
    ['no range', ['--layout', 'x1c7', '--reserved', '0x2000-0x1000'], '0x65000-0x65fff'],
    ['boot 0', ['--layout', 'x1c7', '--boot', '0'], 'a number from 1'],
    ['a boot of a layout', ['--layout', 'x1c7', '--boot', '1'], 'expected a log, found a layout'],
    ['no size', ['--layout', 'x1c7', '--trampoline-size', '0'], 'such as 0x7000 or 28K'],
    ['an empty crashkernel', ['--layout', 'x1c7', '--crashkernel', ''], 'such as 192M'],
  ])('refuses %s, with 64', async (_what, args, message) => {
    const end = await runSub1m(['model', ...args]);
    expect(end.stderr).toContain(message);
    expect(end).toMatchObject({ status: 64, stdout: '' });
  });
});
