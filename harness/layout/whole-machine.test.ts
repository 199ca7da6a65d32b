// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { parseLog } from './log/read-log.ts';
import { layoutFromMaps } from './layout.ts';
import { readLayout } from './read-layout.ts';
import { wholeMachine } from './whole-machine.ts';
import { covers, intersects, physRange } from '../memory/phys-range.ts';

const HIGH = physRange(0x10_0000, 0x4000_0000);

it.each(['synthetic-esrt-and-bgrt', 'edge-many-ram-ranges', 'thread-2021', 'x1c7'])(
  'has memory above 1 MiB, each byte once, on %s',
  async (id) => {
    const { efiMap } = wholeMachine(await readLayout(id));
    const high = (efiMap ?? []).map(({ range }) => range).filter(({ end }) => end > HIGH.start);
    expect(covers(high, HIGH)).toBe(true);
    const overlaps = high.filter((range, at) => at > 0 && intersects(high[at - 1] ?? range, range));
    expect(overlaps).toEqual([]);
  },
);

it("has the layout's tables in boot services data, and its islands", async () => {
  const { keptTables, efiMap, e820 } = wholeMachine(await readLayout('synthetic-esrt-and-bgrt'));
  for (const table of [keptTables.esrt, keptTables.bgrt]) {
    const holder = efiMap?.find(({ range }) => table && covers([range], table));
    expect(holder?.type).toBe(4);
  }
  expect(
    efiMap?.filter(({ type, range }) => type === 2 && range.start >= 0x2000_0000),
  ).toHaveLength(60);
  expect(e820.every(({ ram }) => ram)).toBe(true);
});

it('has RAM between islands that are none', async () => {
  const { e820 } = wholeMachine(await readLayout('edge-many-ram-ranges'));
  expect(e820.filter(({ ram }) => !ram)).toHaveLength(200);
  expect(wholeMachine(await readLayout('edge-many-ram-ranges')).keptTables.esrt).toBeNull();
});

it('fails as its levers say, and adds nothing to a dmesg', async () => {
  const failing = await readLayout('synthetic-set-virtual-address-map-fails');
  expect(wholeMachine(failing).setVirtualAddressMapFails).toBe(true);
  const log = 'BIOS-e820: [mem 0x0-0x9ffff] usable\nBIOS-e820: [mem 0x100000-0x1fffffff] usable\n';
  const { maps } = parseLog(log);
  const layout = layoutFromMaps(maps, { id: 'laptop', source: 'a log' });
  expect(wholeMachine(layout)).toMatchObject(maps);
});
