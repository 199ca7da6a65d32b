// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { physRange } from '../memory/phys-range.ts';
import { predict } from './prediction.ts';
import { STOCK, bootData, pagesOf } from './testing/machine-builder.ts';

/** Single pages of boot services. */
function pages(count: number, from: number): EfiDescriptor[] {
  return Array.from({ length: count }, (_, index) => {
    const start = from + index * 0x4000;
    return bootData(start, start + 0x1000);
  });
}

/**
 * What the kernel had besides above 1 MiB: image, initrd, EFI map, OVMF's own boot services, and more. Not counted on the
 * machine: 12 is the one number that gives all that was seen.
 */
const OTHERS = Array.from({ length: 12 }, (_, index) => {
  const start = 0x3000_0000 + index * 0x1_0000;
  return { ...physRange(start, start + 0x1000), kern: false };
});

const GROWS_LATE = { trampoline: '0x98-0x9e', free: '0x96-0x97' };
const GROWS_EARLY = { trampoline: '0x96-0x9c', free: '0x9d-0x9e' };

// Seen on Debian's 6.12.118 and on two-phase-6.12, QEMU with OVMF: 18 single pages below 1 MiB, and so many above.
it.each([
  { islands: 88, plain: GROWS_LATE, step: 'setup_real_mode' },
  { islands: 91, plain: GROWS_LATE, step: 'setup_real_mode' },
  { islands: 94, plain: GROWS_LATE, step: 'setup_real_mode' },
  { islands: 97, plain: GROWS_EARLY, step: undefined },
  { islands: 100, plain: GROWS_EARLY, step: undefined },
  { islands: 112, plain: GROWS_EARLY, step: undefined },
])(
  'with $islands islands the list of reserved ranges grows as it was seen',
  ({ islands, plain, step }) => {
    const machine = {
      ...STOCK,
      cmdline: 'crashkernel=256M',
      reservedAbove1M: OTHERS,
      efiMap: [...pages(18, 0x14000), ...pages(islands, 0x2000_0000)],
    };
    const told = predict(machine, 'reserve-1m');
    expect(pagesOf(told)).toMatchObject(plain);
    const twoPhase = predict(machine, 'two-phase');
    expect(twoPhase.panic?.step).toBe(step);
    expect(pagesOf(twoPhase).free).toBeUndefined();
    // Of a kernel that does not tell how many it has, what was seen is never ruled out.
    const known = { ...machine, reservedAbove1M: null, earlyReservations: OTHERS.slice(0, 3) };
    const untold = predict(known, 'reserve-1m').pages.filter(
      ({ owner }, page) => owner !== 'undecided' && owner !== told.pages[page]?.owner,
    );
    expect(untold).toEqual([]);
  },
);
