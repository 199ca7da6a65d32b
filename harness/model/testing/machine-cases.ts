// SPDX-License-Identifier: MIT
/** Arbitrary machines for properties: real-looking ones, and ones that no firmware would make. */
import fc from 'fast-check';
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { descriptor, ram, taken } from './machine-builder.ts';
import { type ModelInputs, PLAIN_MACHINE } from '../model-inputs.ts';
import { POLICIES } from '../policies.ts';
import type { PolicyId } from '../../policy-id.ts';

/** EFI types that the EFI stub turns into RAM: loader, boot services, conventional. */
export const RAM_TYPES: readonly number[] = [1, 2, 3, 4, 7];

/** Low memory in pieces without gaps, up to 640 KiB; boot services as likely as all others. */
export const anyLowMap = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.oneof(fc.constantFrom(3, 4), fc.constantFrom(0, 2, 5, 6, 7, 7, 7, 9, 10)),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((pieces) => {
    const entries: EfiDescriptor[] = [];
    let page = 0;
    for (const [pages, type] of [...pieces, [256, 7] as const]) {
      const end = Math.min(page + pages, 0xa0);
      if (end > page) entries.push(descriptor(type, page * PAGE_SIZE, end * PAGE_SIZE));
      page = end;
    }
    return entries;
  });

const anyCmdline = fc
  .subarray(['crashkernel=192M', 'movable_node', 'reservelow=128K', 'efi=debug', 'efi=noruntime'])
  .map((words) => words.join(' '));

const anyBiosWords = fc.record({
  ebdaSegment: fc.oneof(fc.constant(0), fc.nat(0xffff)),
  baseMemoryKiB: fc.oneof(fc.constant(0), fc.nat(0xffff)),
});

const rest = {
  reservedAbove1M: fc.constantFrom([], null),
  kernel: fc.constant(null),
  disablesRuntime: fc.boolean(),
  biosWords: anyBiosWords,
  cmdline: anyCmdline,
  trampolineSize: fc.integer({ min: 0x5000, max: 0x8000 }),
  setVirtualAddressMapFails: fc.boolean(),
  sandyBridgeGraphics: fc.boolean(),
} as const;

/** A machine whose EFI map is sound, and whose e820 map is what the EFI stub makes of it. */
export const anyMachine: fc.Arbitrary<ModelInputs> = fc
  .record({ ...rest, low: anyLowMap })
  .map(({ low, ...inputs }) => ({
    ...PLAIN_MACHINE,
    ...inputs,
    efiMap: [...low, descriptor(7, SZ_1M, 0x4000_0000)],
    e820: [
      ...low.map(({ type, range }) =>
        (RAM_TYPES.includes(type) ? ram : taken)(range.start, range.end),
      ),
      ram(SZ_1M, 0x4000_0000),
    ],
  }));

const anyBytes = fc
  .tuple(fc.nat(0x12_0000), fc.nat(0x3000))
  .map(([start, size]) => physRange(start, start + size));

const anyEntry = fc
  .tuple(fc.nat(0x10_0000), fc.integer({ min: 1, max: 0x8_0000 }), fc.boolean())
  .map(([start, size, isRam]) => (isRam ? ram : taken)(start, start + size));

const anyDescriptor = fc
  .tuple(fc.nat(0x10f), fc.integer({ min: 0, max: 0x80 }), fc.integer({ min: 0, max: 15 }))
  .map(([page, pages, type]) => descriptor(type, page * PAGE_SIZE, (page + pages) * PAGE_SIZE));

/** Maps that overlap, lie, are unsorted and unaligned, end where they should not. */
export const anyInputs: fc.Arbitrary<ModelInputs> = fc.record({
  ...rest,
  e820: fc.array(anyEntry, { maxLength: 8 }),
  corruptionCheckSize: fc.constantFrom(0, 0x10000, 0xa0000),
  tdxHost: fc.boolean(),
  hotplugsMemory: fc.boolean(),
  kexecHandover: fc.boolean(),
  efiMap: fc.option(fc.array(anyDescriptor, { maxLength: 8 })),
  earlyReservations: fc.array(anyBytes, { maxLength: 3 }),
  keptTables: fc.record({
    esrt: fc.option(anyBytes),
    mokvar: fc.option(anyBytes),
    bgrt: fc.option(anyBytes),
  }),
});

export const anyPolicy: fc.Arbitrary<PolicyId> = fc.constantFrom(
  ...(Object.keys(POLICIES) as PolicyId[]),
);
