// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { layoutFromMaps, parseLayout } from './layout.ts';
import { parseLog } from './log/read-log.ts';
import { renderLayout } from './save-layout.ts';

const FOLDER = new URL('testdata/logs/', import.meta.url);

it.each(['f19-grub-efi-map-low-x240.txt', 'f18-bios-data-area-de3815.txt', 'f14-sandy-bridge.txt'])(
  'writes a layout that is read again, and nothing that names a machine: %s',
  (file) => {
    const log = parseLog(readFileSync(new URL(file, FOLDER), 'utf8'));
    const biosWords = { ebdaSegment: 0x9d00, baseMemoryKiB: 628 };
    const maps = { ...log.maps, biosWords };
    const text = renderLayout({ maps, log });
    const again = parseLayout(text, 'mine.json');
    const { ranges } = layoutFromMaps(maps, { id: 'mine', source: 'x' });
    const byStart = ranges.toSorted((a, b) => a.range.start - b.range.start);
    expect(again.ranges).toEqual(byStart);
    expect(again.maps.biosWords).toEqual(biosWords);
    expect(again.maps.efiMap === null).toBe(maps.efiMap === null);
    expect(text).not.toMatch(/LENOVO|20AL|DE3815|TYBYT|user|host|ARCH|generic|\+/i);
  },
);
