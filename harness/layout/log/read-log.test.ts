// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { type EfiLineForm, e820Lines, efiLines } from '../testing/dmesg-map-builder.ts';
import { parseLog } from './read-log.ts';
import type { MachineMaps } from '../../memory/machine-maps.ts';
import { type EfiDescriptor, readEfiMemoryMap } from '../../memory/efi-memory-map.ts';
import { fromInclusive } from '../../memory/phys-range.ts';

const mapsOf = (text: string): MachineMaps => parseLog(text).maps;

const anyRange = fc
  .tuple(fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 0x1_0000 }))
  .map(([page, pages]) => fromInclusive(page * 4096, (page + pages) * 4096 - 1));
const anyDescriptor = fc.record({
  type: fc.oneof(fc.nat(15), fc.nat({ max: 2 ** 32 - 1 })),
  range: anyRange,
  attribute: fc.oneof(fc.constantFrom(0xfn, (1n << 63n) | 0xfn, 0n), fc.bigInt(0n, 2n ** 64n - 1n)),
});
const anyForm = fc.constantFrom<EfiLineForm>('exclusive', 'long', 'short');
const anyPrefix = fc.constantFrom(
  '',
  '[    0.000000] ',
  '<6>[    0.000000] ',
  'Apr 28 07:55:19 host kernel: ',
  'Apr 28 07:55:19 kernel: [    0.000000] ',
);
const prefixed = (text: string, prefix: string): string =>
  text.replaceAll(/^(?=.)/gm, prefix).replaceAll('\n', prefix === '' ? '\n' : '\r\n');

describe('parse ∘ render is the identity', () => {
  it('for EFI memory maps, as every kernel prints them', () => {
    fc.assert(
      fc.property(
        fc.array(anyDescriptor, { minLength: 1, maxLength: 120 }),
        anyForm,
        anyPrefix,
        (efiMap, form, prefix) => {
          const text = prefixed(efiLines(efiMap, form), prefix);
          expect(mapsOf(text).efiMap).toEqual(efiMap);
        },
      ),
    );
  });

  it('for e820 maps', () => {
    const anyE820 = fc
      .array(fc.tuple(fc.integer({ min: 1, max: 0x1000 }), fc.boolean()), { minLength: 1 })
      .map((pieces) => {
        let page = 0;
        return pieces.map(([pages, ram]) => {
          const start = (page += 1) * 4096;
          page += pages;
          return { range: fromInclusive(start, page * 4096 - 1), ram };
        });
      });
    fc.assert(
      fc.property(anyE820, anyPrefix, (e820, prefix) => {
        const text = prefixed(e820Lines(e820), prefix);
        expect(mapsOf(text)).toMatchObject({ e820, efiMap: null });
      }),
    );
  });
});

const LINE =
  'efi: mem00: [Boot Data   |   |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000001000-0x0000000000027fff] (0MB)';
const BOOT_DATA = { type: 4, range: fromInclusive(0x1000, 0x27fff), attribute: 0xfn };

it.each([
  ['of 6.x', LINE, BOOT_DATA],
  [
    'of 7.x, with all attributes that have a name',
    'efi: mem00: [Conventional|RUN|HP|MR|CC|SP|NV|XP|RP|WP|RO|UCE|WB|WT|WC|UC] range=[0x0000000000001000-0x0000000000027fff] (0MB)',
    { ...BOOT_DATA, type: 7, attribute: 0x80000000001ff01fn },
  ],
  [
    'of 4.15',
    '[    0.000000] efi: mem00: [Conventional Memory|   |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000001000-0x0000000000027fff] (0MB)',
    { ...BOOT_DATA, type: 7 },
  ],
  [
    'of 4.2, whose end is exclusive',
    'Apr 28 07:55:19 kernel: [    0.000000] efi: mem00: [ACPI Memory NVS    |   |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000001000-0x0000000000028000) (0MB)',
    { ...BOOT_DATA, type: 10 },
  ],
  [
    'of a type and attributes without names',
    'efi: mem00: [type=1879048192|attr=0x400000000000000f] range=[0x0000000000001000-0x0000000000027fff] (0MB)',
    { ...BOOT_DATA, type: 0x7000_0000, attribute: 0x4000_0000_0000_000fn },
  ],
])('reads a line %s', (_what, line, descriptor) => {
  expect(mapsOf(line).efiMap).toEqual([descriptor]);
});

it('takes the e820 map of the log if there is one, else what the EFI stub makes of the EFI map', () => {
  const ram = { range: BOOT_DATA.range, ram: true };
  const e820 = [ram, { range: fromInclusive(0xf0000, 0xfffff), ram: false }];
  expect(mapsOf(LINE)).toMatchObject({ e820: [ram], efiMap: [BOOT_DATA] });
  expect(mapsOf(e820Lines(e820) + LINE)).toMatchObject({ e820, efiMap: [BOOT_DATA] });
});

it('takes the first map of a boot, and leaves out what the kernel calls invalid', () => {
  const invalid = LINE.replace('(0MB)', '(invalid)');
  const second = LINE.replace('Boot Data', 'Boot Code');
  expect(mapsOf([LINE, invalid, second].join('\n')).efiMap).toEqual([BOOT_DATA]);
});

describe('on the logs of real kernels', () => {
  const folder = new URL('../../testdata/', import.meta.url);
  const logs = readdirSync(folder).flatMap((cell) => {
    const system = new URL(`${cell}/system/`, folder);
    if (!existsSync(system)) return [];
    const log = readFileSync(new URL('dmesg', system), 'utf8');
    return log.includes('efi: mem00') ? [{ cell, log, system }] : [];
  });

  it('finds a log of each generation', () => {
    expect(logs.length).toBeGreaterThanOrEqual(4);
  });

  // The logs are cut; of the map in memory the kernel has changed attributes.
  it.each(logs)('reads in $cell the same descriptors as from its memory', ({ log, system }) => {
    const map = readEfiMemoryMap(readFileSync(new URL('efi-memory-map.bin', system)), 48);
    const seen = (mapsOf(log).efiMap ?? []).map(({ type, range }) => ({ type, range }));
    expect(seen.length).toBeGreaterThan(20);
    expect(map.slice(0, seen.length)).toMatchObject(seen);
  });
});

const NO_MAP =
  'Cannot read a memory map from the log: expected lines "efi: mem00: …" or "BIOS-e820: …", found none; boot with efi=debug and save the whole log, from its first line ("journalctl -k -b" has it)';
const WRONG = (what: string, line: string): string =>
  `Cannot read a line of the log: expected a descriptor of the EFI memory map, but ${what}: ${line}`;
const lie = (from: string, to: string): string => LINE.replace(from, to);

it.each([
  ['nothing', '', NO_MAP],
  ['a log without any map', '[    0.000000] Linux version 6.12\n', NO_MAP],
  [
    'a line that is cut',
    LINE.slice(0, -6),
    WRONG('this line is cut, or what it goes on with is lost', LINE.slice(0, -6)),
  ],
  [
    'a log whose first lines are lost',
    `\n${lie('mem00', 'mem07')}`,
    `Cannot read the EFI memory map of the log: expected descriptor 0, found 7: ${lie('mem00', 'mem07')}; boot with efi=debug and save the whole log, from its first line ("journalctl -k -b" has it)`,
  ],
  [
    'a type that no kernel prints',
    `\n${lie('Boot Data', 'Boot Date')}`,
    WRONG('its type is impossible', lie('Boot Data', 'Boot Date')),
  ],
  [
    'an unknown attribute',
    lie('WB', 'WX'),
    WRONG('its attributes are impossible', lie('WB', 'WX')),
  ],
  [
    'an end before its start',
    lie('027fff', '0000ff'),
    WRONG('its range is impossible', lie('027fff', '0000ff')),
  ],
  [
    'an address beyond 52 bits',
    lie('0x0000000000027', '0x0010000000027'),
    WRONG('its range is impossible', lie('0x0000000000027', '0x0010000000027')),
  ],
])('refuses %s', (_what, text, message) => {
  expect(() => mapsOf(text)).toThrow(new FormatError(message));
});

describe('what a log tells of the causes', () => {
  const BUILT_IN = 'Command line: \nKernel command line: quiet crashkernel=96M';
  it.each([
    ['built in', BUILT_IN, 'quiet crashkernel=96M'],
    ['wrapped', 'Command line: a bb\nKernel command line: a \\', 'a bb'],
    ['once', 'Kernel command line: a', 'a'],
    ['empty', 'Command line:', ''],
  ])('is the whole command line: %s', (_what, text, cmdline) => {
    expect(parseLog(`${E820}\n${text}`).causes.cmdline).toBe(cmdline);
  });

  it.each([
    ['512MB LOWMEM available.', true],
    ['1408MB HIGHMEM available.', true],
    ['Memory: 512K/512K available', false],
  ])('is a kernel of 32 bits: %s', (text, is32Bit) => {
    expect(parseLog(`${E820}\n${text}`).causes.is32Bit).toBe(is32Bit);
  });
});

const E820 = [
  'BIOS-e820: [mem 0x0000000000000000-0x000000000009efff] usable',
  'BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable',
].join('\n');

describe('an EFI map beside an e820 map', () => {
  const runtime = (start: number): EfiDescriptor => ({
    type: 6,
    range: fromInclusive(start, start + 0xfff),
    attribute: (1n << 63n) | 0xfn,
  });
  const [high, low] = [runtime(0xff00_0000), runtime(0x7fff_f000)];
  const log = (...efiMap: readonly EfiDescriptor[]): string => `${E820}\n${efiLines(efiMap)}`;

  it('that kexec handed on has no RAM', () => {
    const { maps, notes } = parseLog(log(high, low));
    expect(maps.efiMap).toHaveLength(2);
    expect(notes.join()).toContain('kexec started this kernel');
  });

  it.each([
    ['is cut after one descriptor', [high]],
    ['goes up', [low, high]],
    ['has boot services that nobody keeps', [high, { ...low, type: 4, attribute: 0xfn }]],
  ])('of another machine, or one that %s, is refused', (_what, efiMap) => {
    expect(() => parseLog(log(...efiMap))).toThrow('only the e820 map has RAM at 0x0-0x9efff');
  });
});
