// SPDX-License-Identifier: MIT
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { type Layout, parseLayout } from './layout.ts';
import { planPersonality } from './personality-plan.ts';
import { type PhysRange, covers, physRange } from '../memory/phys-range.ts';

interface LayoutParts {
  /** `0x0-0x9ffff Conventional`, with `untagged` after it or not. */
  readonly ranges: readonly string[];
  readonly islands?: readonly object[];
}

/** A layout as a file has it. */
function layout({ ranges, islands }: LayoutParts): Layout {
  const file = {
    schema: 1,
    id: 'some',
    source: 'made by hand',
    kind: 'efi',
    ranges: ranges.map((text) => {
      const [, start, end, type, untagged] = /^(\w+)-(\w+) (\w+)( untagged)?$/.exec(text) ?? [];
      return { start, end, type, ...(untagged === undefined ? {} : { tag: false }) };
    }),
    ...(islands ? { levers: { islands } } : {}),
  };
  return parseLayout(JSON.stringify(file), 'some.json');
}

const ISLANDS = { type: 'BootServicesData', start: '0x20000000', step: '0x4000', count: 150 };

describe('what OVMF must do', () => {
  it('has the ranges in their order, and holes where the layout has nothing', () => {
    const asked = layout({
      ranges: [
        '0x63000-0x8efff BootServicesData untagged',
        '0x1000-0x62fff Conventional',
        '0xf0000-0xfffff Reserved',
      ],
    });
    expect(planPersonality(asked).ranges).toEqual([
      { range: physRange(0, 0x1000), type: null, tag: true },
      { range: physRange(0x1000, 0x63000), type: 7, tag: true },
      { range: physRange(0x63000, 0x8f000), type: 4, tag: false },
      { range: physRange(0x8f000, 0xa0000), type: null, tag: true },
      { range: physRange(0xf0000, 0x10_0000), type: 0, tag: true },
    ]);
  });

  it('has neighbours of one type apart, and the levers as they are', () => {
    const asked = layout({
      ranges: ['0x0-0x3fff Conventional', '0x4000-0x9ffff Conventional'],
      islands: [ISLANDS],
    });
    const { ranges, levers } = planPersonality(asked);
    expect(ranges.map(({ range }) => range)).toEqual([
      physRange(0, 0x4000),
      physRange(0x4000, 0xa0000),
    ]);
    expect(levers).toEqual(asked.levers);
  });

  it.each([
    {
      what: 'a range that begins within a page',
      ranges: ['0x800-0x9ffff Conventional'],
      fault: '0x800-0x9ffff (Conventional): it is not aligned to pages of 0x1000 bytes',
    },
    {
      what: 'a range that ends within a page',
      ranges: ['0x0-0x9fbff Conventional'],
      fault: '0x0-0x9fbff (Conventional): it is not aligned to pages of 0x1000 bytes',
    },
    {
      what: 'a range above 1 MiB',
      ranges: ['0x0-0x9ffff Conventional', '0xff000-0x100fff Reserved'],
      fault: '0xff000-0x100fff (Reserved): it is above 1 MiB',
    },
    {
      what: 'RAM in the VGA hole',
      ranges: ['0x90000-0xa0fff BootServicesCode'],
      fault: '0x90000-0xa0fff (BootServicesCode): it is RAM in the VGA hole, 0xa0000-0xfffff',
    },
    {
      what: 'persistent memory',
      ranges: ['0x0-0x9ffff Persistent'],
      fault: '0x0-0x9ffff (Persistent): firmware cannot allocate this type',
    },
    {
      what: 'memory that nobody has accepted',
      ranges: ['0x0-0x9ffff Unaccepted'],
      fault: '0x0-0x9ffff (Unaccepted): firmware cannot allocate this type',
    },
    {
      what: 'islands that begin within a page',
      islands: [{ ...ISLANDS, start: '0x20000800' }],
      fault: 'islands from 0x20000800: expected start and step in whole pages of 0x1000 bytes',
    },
    {
      what: 'islands less than a page apart',
      islands: [{ ...ISLANDS, step: '0x800' }],
      fault: 'islands from 0x20000000: expected start and step in whole pages of 0x1000 bytes',
    },
    {
      what: 'islands all in one place',
      islands: [{ ...ISLANDS, step: '0x0' }],
      fault: 'islands from 0x20000000: expected start and step in whole pages of 0x1000 bytes',
    },
    {
      what: 'islands below 1 MiB',
      islands: [{ ...ISLANDS, start: '0xff000' }],
      fault: 'islands from 0xff000: they must be above 1 MiB',
    },
    {
      what: 'islands of free memory',
      islands: [{ ...ISLANDS, type: 'Conventional' }],
      fault: 'islands from 0x20000000 (Conventional): firmware cannot allocate this type',
    },
    {
      what: 'islands of persistent memory',
      islands: [{ ...ISLANDS, type: 'Persistent' }],
      fault: 'islands from 0x20000000 (Persistent): firmware cannot allocate this type',
    },
  ])('cannot be $what', ({ fault, ranges = ['0x0-0x9ffff Conventional'], islands = [] }) => {
    const message = `Cannot give a machine the layout some: ${fault}`;
    expect(() => planPersonality(layout({ ranges, islands }))).toThrow(new FormatError(message));
  });

  it('is refused with all faults at once, one for each range', () => {
    const asked = layout({
      ranges: [
        '0x0-0x7ff Persistent',
        '0x1000-0x1fff Conventional',
        '0xa0000-0xa0fff LoaderData',
        '0x100000-0x100fff Conventional',
      ],
      islands: [
        { ...ISLANDS, start: '0x1000' },
        { ...ISLANDS, type: 'Unaccepted' },
      ],
    });
    const message =
      'Cannot give a machine the layout some: 0x0-0x7ff (Persistent): it is not aligned to pages of 0x1000 bytes; 0xa0000-0xa0fff (LoaderData): it is RAM in the VGA hole, 0xa0000-0xfffff; 0x100000-0x100fff (Conventional): it is above 1 MiB; islands from 0x1000: they must be above 1 MiB; islands from 0x20000000 (Unaccepted): firmware cannot allocate this type';
    expect(() => planPersonality(asked)).toThrow(new FormatError(message));
  });

  it.each([
    { what: 'no RAM in the VGA hole', range: '0xa0000-0xfffff MMIO' },
    { what: 'RAM up to the VGA hole', range: '0x9f000-0x9ffff LoaderCode' },
    { what: 'the last type that firmware allocates', range: '0x0-0xfff PalCode' },
  ])('may be $what', ({ range }) => {
    expect(planPersonality(layout({ ranges: [range] })).ranges).toContainEqual(
      expect.objectContaining({ type: layout({ ranges: [range] }).ranges[0]?.type }),
    );
  });
});

const LAYOUTS = join(import.meta.dirname, '../../images/layouts');

/** The ranges that OVMF is asked for; none for a layout that no machine can be given. */
function plannedRanges(asked: Layout): readonly PhysRange[] {
  try {
    return planPersonality(asked).ranges.map(({ range }) => range);
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}

describe('a layout that is shipped', () => {
  const names = readdirSync(LAYOUTS).filter((name) => name.endsWith('.json'));
  const layouts = names.map((name) => parseLayout(readFileSync(join(LAYOUTS, name), 'utf8'), name));

  it('is planned in full below 640 KiB, or refused as a whole', () => {
    const planned = layouts.map(plannedRanges).filter((ranges) => ranges.length > 0);
    const inPart = planned.filter((ranges) => !covers(ranges, physRange(0, 0xa0000)));
    expect(inPart).toEqual([]);
    expect(planned.length).toBeGreaterThan(layouts.length / 2);
  });
});
