// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { type Layout, layoutFromMaps, parseLayout } from './layout.ts';
import { fromInclusive, physRange } from '../memory/phys-range.ts';

const GOOD = {
  schema: 1,
  id: 'good',
  source: 'a test',
  kind: 'efi',
  ranges: [
    { start: '0x0', end: '0xfff', type: 'BootServicesCode' },
    { start: '0x1000', end: '0x9efff', type: 'Conventional' },
    { start: '0x9f000', end: '0x9ffff', type: 'RuntimeServicesData' },
  ],
};
const [BOOT, FREE, RUNTIME] = [
  fromInclusive(0, 0xfff),
  fromInclusive(0x1000, 0x9efff),
  fromInclusive(0x9f000, 0x9ffff),
];
const parse = (change: object): Layout => parseLayout(JSON.stringify({ ...GOOD, ...change }), 'x');

it('returns what the firmware says and what the EFI stub makes of it', () => {
  expect(parse({ bda: { ebdaSegment: '0x2c00', baseMemoryKiB: 639 } })).toEqual({
    id: 'good',
    machine: null,
    source: 'a test',
    synthetic: false,
    edge: false,
    maps: {
      e820: [
        { range: BOOT, ram: true },
        { range: FREE, ram: true },
        { range: RUNTIME, ram: false },
      ],
      efiMap: [
        { type: 3, range: BOOT, attribute: 0xfn },
        { type: 7, range: FREE, attribute: 0xfn },
        { type: 6, range: RUNTIME, attribute: 0xfn },
      ],
      biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 639 },
    },
    ranges: [
      { range: BOOT, type: 3, tag: true },
      { range: FREE, type: 7, tag: true },
      { range: RUNTIME, type: 6, tag: true },
    ],
    levers: {
      esrt: false,
      bgrt: false,
      setVirtualAddressMapFails: false,
      islands: [],
      biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 639 },
    },
  });
});

it('has the levers of a personality, and its pages above 1 MiB in the map', () => {
  const islands = [{ type: 'BootServicesData', start: '0x20000000', step: '0x4000', count: 2 }];
  const levers = { esrt: true, bgrt: true, setVirtualAddressMapFails: true, islands };
  const layout = parse({ levers });
  expect(layout).toMatchObject({
    levers: {
      esrt: true,
      bgrt: true,
      setVirtualAddressMapFails: true,
      islands: [{ type: 4, start: 0x2000_0000, step: 0x4000, count: 2 }],
      biosWords: null,
    },
  });
  expect(layout.ranges).toHaveLength(3);
  expect(layout.maps.efiMap?.slice(3)).toEqual([
    { type: 4, range: physRange(0x2000_0000, 0x2000_1000), attribute: 0xfn },
    { type: 4, range: physRange(0x2000_4000, 0x2000_5000), attribute: 0xfn },
  ]);
});

it('takes from the maps of a dmesg what is below 1 MiB', () => {
  const biosWords = { ebdaSegment: 0, baseMemoryKiB: 0 };
  const e820 = [
    { range: physRange(0, 0x9f000), ram: true },
    { range: physRange(0x9f000, 0x10_0000), ram: false },
    { range: physRange(0x10_0000, 0x80_0000), ram: true },
  ];
  const efiMap = [{ range: physRange(0, 0x9f000), type: 4, attribute: 0xfn }];
  const told = { id: 'laptop.dmesg', source: '/tmp/laptop.dmesg' };
  expect(layoutFromMaps({ e820, efiMap: null, biosWords }, told).ranges).toEqual([
    { range: physRange(0, 0x9f000), type: 7, tag: true },
    { range: physRange(0x9f000, 0x10_0000), type: 0, tag: true },
  ]);
  expect(layoutFromMaps({ e820, efiMap, biosWords }, told)).toMatchObject({
    ...told,
    ranges: [{ range: physRange(0, 0x9f000), type: 4, tag: true }],
  });
});

it.each([
  ['Reserved', false],
  ['LoaderCode', true],
  ['LoaderData', true],
  ['BootServicesCode', true],
  ['BootServicesData', true],
  ['RuntimeServicesCode', false],
  ['RuntimeServicesData', false],
  ['Conventional', true],
  ['Unusable', false],
  ['ACPIReclaim', false],
  ['ACPINVS', false],
  ['MMIO', false],
  ['MMIOPort', false],
  ['PalCode', false],
  ['Persistent', false],
  ['Unaccepted', true],
])('says whether %s is RAM for the kernel: %s', (type, ram) => {
  const maps = { e820: [{ range: BOOT, ram }] };
  expect(parse({ ranges: [{ start: '0x0', end: '0xfff', type }] })).toMatchObject({ maps });
});

it('has no EFI memory map if only an e820 map is known', () => {
  const ranges = [
    { start: '0x100', end: '0x9e7ff', type: 'usable' },
    { start: '0x9e800', end: '0xfffff', type: 'reserved' },
  ];
  expect(parse({ kind: 'e820', ranges })).toMatchObject({
    maps: {
      e820: [
        { range: fromInclusive(0x100, 0x9e7ff), ram: true },
        { range: fromInclusive(0x9e800, 0xfffff), ram: false },
      ],
      efiMap: null,
    },
  });
});

const range = (change: object): object => ({
  ranges: [
    { start: '0x2000', end: '0x2fff', type: 'Conventional' },
    { ...GOOD.ranges[0], ...change },
  ],
});

it.each([
  ['ranges that overlap', range({ end: '0x2000' }), 'ranges.1: 0x0-0x2000 overlaps ranges.0'],
  ['an end before its start', range({ start: '0x1000' }), 'ranges.1.end: it is before "start"'],
  [
    'an address beyond 52 bits',
    range({ end: '0x10000000000000' }),
    'ranges.1.end: expected an address of at most 52 bits',
  ],
  [
    'an address beyond 64 bits',
    range({ end: '0x10000000000000000' }),
    'ranges.1.end: expected an address such as "0x9ffff"',
  ],
  [
    'an address that is none',
    range({ start: '-1' }),
    'ranges.1.start: expected an address such as "0x9ffff"',
  ],
  [
    'an unknown type',
    range({ type: 'usable' }),
    'ranges.1.type: expected one of Reserved, LoaderCode, LoaderData, BootServicesCode, BootServicesData, ' +
      'RuntimeServicesCode, RuntimeServicesData, Conventional, Unusable, ACPIReclaim, ACPINVS, ' +
      'MMIO, MMIOPort, PalCode, Persistent, Unaccepted, found "usable"',
  ],
  [
    'an EFI type in an e820 map',
    { ...range({}), kind: 'e820' },
    'ranges.0.type: expected one of usable, reserved, ACPIReclaim, ACPINVS, Unusable, type 20, found "Conventional"',
  ],
  ['no range', { ranges: [] }, 'ranges: Too small: expected array to have >=1 items'],
  ['another schema', { schema: 2 }, 'schema: Invalid input: expected 1'],
  ['an unknown kind', { kind: 'bios' }, 'kind: Invalid option: expected one of "efi"|"e820"'],
  ['an id that is a path', { id: '../x' }, 'id: expected letters, digits and hyphens'],
  [
    'islands of an unknown type',
    { levers: { islands: [{ type: 'x', start: '0x20000000', step: '0x4000', count: 1 }] } },
    'levers.islands.0.type: Invalid option: expected one of ' +
      '"Reserved"|"LoaderCode"|"LoaderData"|"BootServicesCode"|"BootServicesData"|' +
      '"RuntimeServicesCode"|"RuntimeServicesData"|"Conventional"|"Unusable"|"ACPIReclaim"|' +
      '"ACPINVS"|"MMIO"|"MMIOPort"|"PalCode"|"Persistent"|"Unaccepted"',
  ],
  ['an unknown field', { page: 1 }, 'the whole file: Unrecognized key: "page"'],
])('refuses %s', (_what, change, message) => {
  const whole = `Cannot read layout x: ${message}; compare images/layouts/x1c7.json`;
  expect(() => parse(change)).toThrow(new FormatError(whole));
});

it('refuses what is not JSON', () => {
  expect(() => parseLayout('{"id": ', 'x.json')).toThrow(
    /^Cannot read layout x\.json: not JSON: .*JSON/,
  );
});

describe('images/layouts', () => {
  const folder = new URL('../../images/layouts/', import.meta.url);
  const files = readdirSync(folder);

  it.each(files)('%s can be read, and its name is its id', (file) => {
    const layout = parseLayout(readFileSync(new URL(file, folder), 'utf8'), file);
    expect(`${layout.id}.json`).toBe(file);
  });

  it('has 137 real machines, and the synthetic ones', () => {
    const layouts = files.map((file) =>
      parseLayout(readFileSync(new URL(file, folder), 'utf8'), file),
    );
    expect(layouts.filter(({ synthetic }) => !synthetic)).toHaveLength(137);
    expect(layouts.filter(({ synthetic }) => synthetic).map(({ id }) => id)).toEqual([
      'dell-xps-13-9350',
      'edge-many-ram-ranges',
      'edge-many-reserved',
      'edge-near-128-103',
      'edge-near-128-88',
      'edge-near-128-94',
      'edge-near-128-97',
      'synthetic-all-boot-services',
      'synthetic-boot-services-at-page-0',
      'synthetic-boot-services-code-from-0x0',
      'synthetic-boot-services-cross-1m',
      'synthetic-boot-services-end-at-1m',
      'synthetic-boot-services-from-0x1000',
      'synthetic-boot-services-from-0x8000',
      'synthetic-esrt-and-bgrt',
      'synthetic-free-pieces',
      'synthetic-low-ebda-fragmented',
      'synthetic-low-ebda',
      'synthetic-many-boot-services-no-room',
      'synthetic-many-boot-services',
      'synthetic-no-conventional',
      'synthetic-one-free-page',
      'synthetic-set-virtual-address-map-fails',
      'synthetic-unaligned',
      'synthetic-very-low-ebda',
      'thread-2021',
    ]);
  });
});
