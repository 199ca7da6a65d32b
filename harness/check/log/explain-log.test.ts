// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { layoutFromMaps } from '../../layout/layout.ts';
import { parseLog } from '../../layout/log/read-log.ts';
import { fromInclusive } from '../../memory/phys-range.ts';
import { projectPath } from '../../project-root.ts';
import { DEFECTS } from './defects.ts';
import { type Asked, type Explanation, explainLog } from './explain-log.ts';
import type { ToldInputs } from './log-machine.ts';
import { NOTHING_TOLD } from './testing/told-inputs.ts';

const FOLDER = new URL('../../layout/testdata/logs/', import.meta.url);
const NOTHING_ASKED: Asked = { policy: null, captureLoaded: null };

function explain(
  text: string,
  told: Partial<ToldInputs> = {},
  asked: Partial<Asked> = {},
): Explanation {
  const log = parseLog(text);
  const layout = layoutFromMaps(log.maps, { id: 'a', source: 'a', log });
  return explainLog(layout, { ...NOTHING_TOLD, ...told }, { ...NOTHING_ASKED, ...asked });
}

const file = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const X240 = file('f19-grub-efi-map-low-x240.txt');
const DE3815 = file('f18-bios-data-area-de3815.txt');
const ROG = file('f17-esrt-e820-only-rog-x470.txt');
const SANDY = file('f14-sandy-bridge.txt');

describe('a log that differs', () => {
  it.each([
    {
      machine: 'ThinkPad X240',
      text: X240,
      pages: [0x5f, 0x60, 0x61, 0x62, 0x65, 0x66, 0x67, 0x68],
      options: ['--reserved 0x65000-0x65fff'],
      told: { reserved: [fromInclusive(0x65000, 0x65fff)] },
    },
    {
      machine: 'Intel DE3815',
      text: DE3815,
      pages: [0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e],
      options: ['--base-memory 564'],
      told: { baseMemoryKiB: 564 },
    },
    {
      machine: 'ROG X470',
      text: ROG,
      pages: [0x96, 0x97, 0x98, 0x9c, 0x9d, 0x9e],
      options: ['--base-memory 624', '--reserved 0x9c000-0x9cfff', '--reserved 0x9c000-0x9efff'],
      told: { reserved: [fromInclusive(0x9c000, 0x9efff)] },
    },
  ])('names the pages, and the input that makes it agree: $machine', (row) => {
    const { verdict, comparisons, inputs } = explain(row.text);
    expect(verdict).toBe('differs');
    expect(comparisons[0]?.pages).toEqual(row.pages);
    expect(inputs.map(({ option }) => option)).toEqual(row.options);
    expect(explain(row.text, row.told)).toMatchObject({ verdict: 'agrees', inputs: [] });
  });

  it('has zone DMA, too: 57 pages below 1 MiB and 16 of boot services above', () => {
    const dma = (told: Partial<ToldInputs>): unknown =>
      explain(X240, told).comparisons.find(({ what }) => what.includes('zone DMA'));
    expect(dma({})).toMatchObject({ seen: '73', predicted: '72', agrees: false });
    expect(dma({ reserved: [fromInclusive(0x65000, 0x65fff)] })).toMatchObject({
      seen: '73',
      predicted: '73',
      agrees: true,
    });
  });

  it('says so if no input would help', () => {
    const { verdict, inputs } = explain(SANDY.replace('97000 size', '12000 size'));
    expect({ verdict, inputs }).toEqual({ verdict: 'differs', inputs: [] });
  });
});

it('agrees with a log of Sandy Bridge, and not without what it says of that', () => {
  expect(explain(SANDY).verdict).toBe('agrees');
  const without = SANDY.replace('reserving inaccessible SNB gfx pages', '');
  expect(explain(without).verdict).toBe('differs');
});

const LOCK = 'kexec: Reserving the low 1M of memory for crashkernel';
const LOG = (release: string, ...lines: readonly string[]): string =>
  [
    `Linux version ${release}`,
    'Command line: ro crashkernel=128M',
    'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable',
    'BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable',
    ...lines,
  ].join('\n');

const HOLE = (pages: number): string => `On node 0, zone DMA: ${pages} pages in unavailable ranges`;
const NODES = 'Early memory node ranges';
const MEMORY = 'Memory: 1K/1K available';

describe('lines of the outcome', () => {
  it.each([
    ['the lock', LOG('5.10.0', LOCK), 'agrees'],
    ['no lock', LOG('5.10.0', MEMORY), 'differs'],
    ['no lock in a log that is cut', LOG('5.10.0'), 'nothing'],
    ['the lock of an old kernel that has a backport', LOG('4.18.0', LOCK), 'agrees'],
    [
      'a trampoline without room',
      LOG('6.1.0', 'No sub-1M memory is available for the trampoline'),
      'differs',
    ],
    [
      'a panic that is not predicted',
      LOG('6.1.0', 'Kernel panic - not syncing: Real mode trampoline was not allocated'),
      'differs',
    ],
    [
      'a panic of something else',
      LOG('6.1.0', 'Kernel panic - not syncing: VFS: Unable to mount root fs'),
      'nothing',
    ],
    [
      'crashkernel',
      LOG('6.1.0', 'crashkernel reserved: 0x0000000020000000 - 0x0000000028000000 (128 MB)'),
      'agrees',
    ],
    [
      'another crashkernel',
      LOG('4.18.0', 'Reserving 256MB of memory at 512MB for crashkernel (System RAM: 2047MB)'),
      'differs',
    ],
    [
      'a crashkernel that failed',
      LOG('6.1.0', 'crashkernel reservation failed - No suitable area found.'),
      'differs',
    ],
    [
      'memblock=debug, as predicted',
      LOG(
        '6.1.0',
        'memblock_reserve: [0x0000000000098000-0x000000000009efff] memblock_alloc_range_nid+0xc4/0x147',
        'memblock_reserve: [0x0000000000000000-0x00000000000fffff] setup_arch+0x7b1/0xd6e',
      ),
      'agrees',
    ],
    [
      'memblock=debug, cut',
      LOG(
        '6.1.0',
        'memblock_reserve: [0x0000000000098000-0x000000000009efff] memblock_alloc_range_nid+0xc4/0x147',
      ),
      'agrees',
    ],
    [
      'memblock=debug with less',
      LOG(
        '6.1.0',
        'memblock_reserve: [0x0000000000098000-0x000000000009efff] memblock_alloc_range_nid+0xc4/0x147',
        MEMORY,
      ),
      'differs',
    ],
    ['holes in RAM', LOG('6.1.0', HOLE(1), HOLE(96), HOLE(2)), 'agrees'],
    ['holes in RAM that are others', LOG('6.1.0', HOLE(1), HOLE(97)), 'differs'],
    ['holes in RAM, cut', LOG('6.1.0', HOLE(1)), 'agrees'],
    ['holes in RAM, of which one is not there', LOG('6.1.0', HOLE(1), MEMORY), 'differs'],
    ['holes in RAM, twice', LOG('6.1.0', NODES, NODES, HOLE(1), HOLE(1), HOLE(96)), 'nothing'],
    ['nothing', LOG('6.1.0'), 'nothing'],
  ])('are compared: %s', (_what, text, verdict) => {
    expect(explain(text).verdict).toBe(verdict);
  });

  it('are compared with a panic: a kernel that came up did not panic', () => {
    const one = LOG('6.1.0', 'smp: Brought up 1 node, 4 CPUs').replace('9ffff', '00fff');
    expect(explain(one).comparisons).toContainEqual(
      expect.objectContaining({ what: 'how the kernel ends', agrees: false }),
    );
  });

  it('name what the firmware wrote to', () => {
    const line = 'Corrupted low memory at ffff880000008ac0 (8ac0 phys) = 00010000';
    expect(explain(LOG('5.10.0', LOCK, line, line)).corrupted).toEqual([8]);
  });
});

describe('a crash dump', () => {
  const at = (release: string, change = (text: string): string => text): Explanation['dump'] =>
    explain(change(LOG(release))).dump;
  const boot = (text: string): string =>
    `${text}\nefi: mem00: type=7, attr=0xf, range=[0x0000000000000000-0x0000000000010000) (0MB)\nefi: mem01: type=4, attr=0xf, range=[0x0000000000010000-0x0000000000014000) (0MB)\nefi: mem02: type=7, attr=0xf, range=[0x0000000000014000-0x00000000000a0000) (0MB)`;

  it('is safe, at stake or not to be had', () => {
    expect(at('6.1.0').kind).toBe('safe');
    expect(at('5.10.0').kind).toBe('safe');
    expect(at('4.19.0').kind).toBe('safe');
    expect(at('5.10.0', boot)).toMatchObject({ kind: 'at stake', pages: [16, 17, 18, 19] });
    expect(at('6.1.0', boot).kind).toBe('safe');
    expect(at('6.1.0', (text) => text.replace('crashkernel=128M', '')).kind).toBe('none');
    expect(at('6.1.0', (text) => text.replace('128M', '64G')).kind).toBe('none');
    expect(at('6.1.0', (text) => text.replace('128M', 'much')).kind).toBe('none');
    expect(explain(LOG('6.1.0'), {}, { captureLoaded: false }).dump.kind).toBe('none');
  });

  it('is unknown where only efi=debug would show what is freed', () => {
    const efi = (text: string): string => `${text}\nefi: EFI v2.7 by EDK II`;
    const esrt = (text: string): string => `${text}\nefi: ESRT=0xd77d4b18 MEMATTR=0x1`;
    expect(at('5.10.0', efi).kind).toBe('unknown');
    expect(at('6.1.0', efi).kind).toBe('safe');
    expect(at('6.1.0', (text) => esrt(efi(text))).kind).toBe('unknown');
    expect(at('4.19.0', efi).kind).toBe('safe');
  });

  it('does not say that crashkernel=auto reserves nothing: kernels of distributions know it', () => {
    const auto = LOG('4.18.0-80.el8', LOCK).replace('128M', 'auto');
    expect(explain(auto).dump.kind).toBe('safe');
    const line = 'Reserving 161MB of memory at 688MB for crashkernel (System RAM: 2047MB)';
    expect(explain(`${auto}\n${line}`).verdict).toBe('agrees');
  });

  it('has known defects, by the release and by what is predicted', () => {
    const mended = (text: string): string[] => explain(text).defects.map((one) => one.mended);
    expect(mended(boot(LOG('5.10.0')))).toEqual(['5.13; never in 5.10 and 5.4']);
    expect(mended(LOG('5.14.0'))).toEqual([
      '5.17, 5.16.3, 5.15.17: silenced, the zone is still empty',
    ]);
    expect(mended(LOG('7.3.0'))).toEqual([]);
    expect(mended(LOG('7.3.0', 'efi: EFI v2.7 by EDK II'))).toEqual(['not yet']);
    const reserved = (count: number): string[] =>
      Array.from({ length: count }, (_, nr) => {
        const start = 0x9000_0000 + nr * 0x4000;
        return `BIOS-e820: [mem 0x${start.toString(16)}-0x${(start + 0xfff).toString(16)}] reserved`;
      });
    expect(mended(LOG('7.3.0', ...reserved(100)))).toEqual([]);
    expect(mended(LOG('7.3.0', ...reserved(130)))).toEqual(['not yet']);
  });
});

it('asks for the policy of a kernel that no line names', () => {
  const text = file('f11-bios-88.txt');
  expect(() => explain(text)).toThrow(FormatError);
  expect(() => explain(text)).toThrow('name it with --policy');
  const policy = { id: 'backup-region', how: 'it was asked for' } as const;
  expect(explain(text, {}, { policy }).verdict).toBe('nothing');
});

describe('the logs of cells that ran', () => {
  const cells = new URL('../../testdata/', import.meta.url);
  const logs = readdirSync(cells)
    .map((cell) => ({ cell, log: new URL(`${cell}/system/dmesg`, cells) }))
    .filter(({ log }) => existsSync(log));

  it.each(logs)('are as predicted: $cell', ({ log }) => {
    const { comparisons } = explain(readFileSync(log, 'utf8'));
    expect(comparisons.filter(({ agrees }) => !agrees)).toEqual([]);
  });

  it('are many, and show much', () => {
    const shown = logs.flatMap(({ log }) => explain(readFileSync(log, 'utf8')).comparisons);
    expect(logs.length).toBeGreaterThan(15);
    expect(new Set(shown.map(({ what }) => what)).size).toBeGreaterThanOrEqual(5);
  });
});

describe('the table of defects', () => {
  it('names headings of docs/findings.md', () => {
    const findings = readFileSync(projectPath('docs/findings.md'), 'utf8');
    const lost = DEFECTS.filter(({ finding }) => !findings.includes(`\n## ${finding}\n`));
    expect(lost).toEqual([]);
  });

  it('has each heading but those of tools that are no kernel', () => {
    const findings = readFileSync(projectPath('docs/findings.md'), 'utf8');
    const headings = [...findings.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const others = headings.filter((one) => !DEFECTS.some(({ finding }) => finding === one));
    expect(others).toEqual([
      'makedumpfile 1.7.2 leaves out slab pages on 6.12',
      'kexec-tools 2.0.25 loses the crash dump by `kexec_load` if RAM begins with a small piece',
    ]);
  });
});
