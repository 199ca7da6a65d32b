// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { efiMapBytes } from '../../memory/testing/efi-memory-map-builder.ts';
import { pageFlags } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';

const WITH = { crashkernel: '256M' };
const EBDA_AT_2C000 = new Uint8Array(4096);
EBDA_AT_2C000.set([0x00, 0x2c], 0x40e);

describe('the lock', () => {
  itFinds([
    {
      id: 'lowmem.locked',
      when: 'no page can be used',
      bundle: { spec: WITH },
      outcome: 'kept',
      why: 'The system kernel can use no page below 1 MiB',
    },
    {
      id: 'lowmem.locked',
      when: 'the boot services of the thread were freed',
      bundle: {
        spec: WITH,
        files: { 'system/kpageflags': pageFlags({ free: [0x10, 0x11, 0x12, 0x13], used: [0x63] }) },
      },
      outcome: 'broken',
      why: 'The system kernel can use 5 pages below 1 MiB',
      pages: ['0x10-0x13', '0x63'],
    },
    {
      id: 'lowmem.locked',
      when: 'boot services were freed and the rest never locked, for the trampoline found no place',
      bundle: {
        spec: { ...WITH, policy: 'lock-on-crashkernel' },
        files: {
          'system/page0.bin': EBDA_AT_2C000,
          'system/efi-memory-map.bin': efiMapBytes([
            { type: 7, start: 0n, pages: 1n },
            { type: 4, start: 0x1000n, pages: 0x27n },
            { type: 7, start: 0x2_8000n, pages: 0x78n },
          ]),
          'system/kpageflags': pageFlags({ free: [0x8, 0x28] }),
        },
      },
      outcome: 'broken',
      why: 'The system kernel can use 2 pages below 1 MiB: freed by efi_free_boot_services or never reserved although crashkernel locks low memory (linux-kernel, April 2021: "x86/efi: Do not release sub-1MB memory regions when the crashkernel option is specified")',
      pages: ['0x8', '0x28'],
    },
    {
      id: 'lowmem.locked',
      when: 'there is no crashkernel',
      bundle: {},
      outcome: 'not-asked',
      why: 'The cell is without crashkernel',
    },
  ]);
});
