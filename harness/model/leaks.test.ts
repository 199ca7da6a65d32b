// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { STOCK, bootData, descriptor, kernelOf, pagesOf, ram } from './testing/machine-builder.ts';
import type { ModelInputs } from './model-inputs.ts';
import { predict } from './prediction.ts';

const HIGH = 0x2000_0000;

/** So many entries of conventional memory high up, that no two of them merge. */
function fillers(count: number): EfiDescriptor[] {
  return Array.from({ length: count }, (_, index) =>
    descriptor(7, HIGH + index * 0x4000, HIGH + index * 0x4000 + 0x1000),
  );
}

/** So many pages of boot services high up, no two of them neighbours. */
function isolatedBootServices(count: number): EfiDescriptor[] {
  return fillers(count).map((entry) => ({ ...entry, type: 4 }));
}

/** A map of so many entries, of which one holds an ESRT and one a BGRT image, in boot services data. */
function withTables(entries: number): ModelInputs {
  const holders = [bootData(0x3000_0000, 0x3001_0000), bootData(0x3100_0000, 0x3101_0000)];
  return {
    ...STOCK,
    efiMap: [...fillers(entries - holders.length), ...holders],
    keptTables: {
      esrt: physRange(0x3000_4010, 0x3000_4100),
      mokvar: null,
      bgrt: physRange(0x3100_4000, 0x3100_8000),
    },
  };
}

describe('the copy of the EFI map that an ESRT in boot services makes (seen as h1)', () => {
  // The ESRT splits its entry in three, so that the copy has two entries more.
  it('leaks a page that was always reserved, once the BGRT makes another copy', () => {
    expect(pagesOf(predict(withTables(130), 'reserve-1m'))).toEqual({
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      reserved: '0x10-0x95',
      trampoline: '0x96-0x9c',
      kernel: '0x9d',
      free: '0x9e',
      firmware: '0xa0-0xff',
    });
  });

  it('is not made by a kernel that does not split the map', () => {
    const kernel = { ...kernelOf('reserve-1m'), copiesMemmap: false };
    const { pages, ...rest } = predict({ ...withTables(130), kernel }, 'reserve-1m-deferred');
    expect(pagesOf({ pages, ...rest })).toMatchObject({ trampoline: '0x98-0x9e' });
    expect(pages.flatMap(({ history }) => history.map(({ step }) => step))).not.toContain(
      'efi_memmap_alloc',
    );
  });

  it('tells how the page came and went', () => {
    const { pages } = predict(withTables(130), 'reserve-1m');
    expect(pages[0x9e]?.history.map(({ step }) => step)).toEqual([
      'e820__memory_setup',
      'efi_memmap_alloc',
      'efi_memmap_install',
    ]);
  });

  it('leaks nothing while it holds no whole page', () => {
    expect(pagesOf(predict(withTables(84), 'reserve-1m')).free).toBeUndefined();
  });

  it('leaks nothing without a BGRT, nor with efi=noruntime', () => {
    const machine = withTables(130);
    const noBgrt = { ...machine, keptTables: { ...machine.keptTables, bgrt: null } };
    expect(pagesOf(predict(noBgrt, 'reserve-1m'))).toMatchObject({ kernel: '0x9d-0x9e' });
    const noMap = { ...machine, cmdline: 'efi=noruntime' };
    expect(pagesOf(predict(noMap, 'reserve-1m'))).not.toHaveProperty('kernel');
  });

  it('is not given back under two-phase', () => {
    const machine = { ...withTables(130), cmdline: 'crashkernel=1M' };
    expect(pagesOf(predict(machine, 'two-phase'))).toMatchObject({ kernel: '0x9d-0x9e' });
  });

  it('says in the log what it keeps', () => {
    expect(predict(withTables(130), 'reserve-1m').logLines).toContain(
      'esrt: Reserving ESRT space from 0x0000000030004010 to 0x0000000030004100.',
    );
  });
});

describe('the list of reserved ranges that must grow (seen as e1, e2)', () => {
  const kernel = { ...physRange(0x100_0000, 0x300_0000), kern: false };
  const many = { ...STOCK, reservedAbove1M: [kernel], efiMap: isolatedBootServices(126) };

  it('is put below 1 MiB with its 129th range, and leaks when it is discarded', () => {
    const prediction = predict(many, 'reserve-1m');
    expect(pagesOf(prediction)).toEqual({
      page0: '0x0',
      bios: '0x1-0xf,0x9f',
      reserved: '0x10-0x95',
      trampoline: '0x96-0x9c',
      free: '0x9d-0x9e',
      firmware: '0xa0-0xff',
    });
    expect(prediction.logLines).toContain(
      'memblock: reserved is doubled to 256 at [0x000000000009d000-0x000000000009e7ff]',
    );
    expect(prediction.pages[0x9e]?.history.map(({ step }) => step)).toEqual([
      'e820__memory_setup',
      'memblock_double_array',
      'memblock_discard',
    ]);
  });

  it('is not moved by its 128th', () => {
    // With the first 64 KiB and the EBDA; with two more the trampoline's entry would be one too many.
    const few = { ...many, efiMap: isolatedBootServices(123) };
    expect(pagesOf(predict(few, 'reserve-1m')).free).toBeUndefined();
  });

  it('counts neighbours once', () => {
    const neighbours = Array.from({ length: 400 }, (_, index) =>
      descriptor(3 + (index % 2), HIGH + index * 0x1000, HIGH + (index + 1) * 0x1000),
    );
    const prediction = predict({ ...many, efiMap: neighbours }, 'reserve-1m');
    expect(pagesOf(prediction).free).toBeUndefined();
  });

  it('moves again with its 257th, and takes the place of before with it', () => {
    const more = { ...many, efiMap: isolatedBootServices(300) };
    const { logLines, pages } = predict(more, 'reserve-1m');
    expect(pages[0x9e]?.history.slice(1)).toMatchObject([
      { step: 'memblock_double_array', owner: 'kernel' },
      { step: 'memblock_double_array', owner: 'free' },
      { step: 'reserve_real_mode', owner: 'reserved' },
    ]);
    expect(logLines.filter((line) => line.includes('is doubled'))).toEqual([
      'memblock: reserved is doubled to 256 at [0x000000000009d000-0x000000000009e7ff]',
      'memblock: reserved is doubled to 512 at [0x000000000009a000-0x000000000009cfff]',
    ]);
  });

  // Low memory is one range then, from 0 to 1 MiB.
  const full = { ...many, efiMap: [bootData(0x10000, 0x9f000), ...isolatedBootServices(130)] };

  it.each(['reserve-1m', 'two-phase'] as const)(
    'stops a %s kernel without room for it',
    (policy) => {
      const prediction = predict(full, policy);
      expect(prediction.panic).toEqual({
        step: 'efi_free_boot_services',
        line: 'Kernel panic - not syncing: Attempted to kill init!',
        orBefore: 'Kernel panic - not syncing: alloc_low_pages: can not alloc memory',
        orHangs: 'BUG: Bad page state',
      });
      expect(prediction.logLines).toContain(
        'memblock: Failed to double reserved array from 128 to 256 entries !',
      );
    },
  );

  it('stops none that keeps boot services for efi=debug', () => {
    expect(predict({ ...full, cmdline: 'efi=debug' }, 'two-phase').panic).toBeNull();
  });

  it('is never given back under two-phase', () => {
    const prediction = predict({ ...many, cmdline: 'crashkernel=1M' }, 'two-phase');
    expect(pagesOf(prediction)).toMatchObject({ kernel: '0x9d-0x9e' });
  });
});

describe('what is rarer', () => {
  const boot = { ...STOCK, efiMap: [bootData(0x20000, 0x30000)] };

  it('keeps boot services for ever when SetVirtualAddressMap fails', () => {
    const failing = { ...boot, setVirtualAddressMapFails: true };
    const pages = { 'boot-services': '0x20-0x2f' };
    expect(pagesOf(predict(failing, 'lock-on-crashkernel'))).toMatchObject(pages);
    expect(pagesOf(predict(failing, 'reserve-1m'))).toMatchObject(pages);
    expect(pagesOf(predict(failing, 'two-phase'))).toMatchObject({ free: '0x10-0x97' });
  });

  it('frees boot services below 1 MiB in spite of Sandy Bridge graphics up to v5.12', () => {
    const sandyBridge = { ...boot, sandyBridgeGraphics: true };
    expect(pagesOf(predict(sandyBridge, 'lock-on-crashkernel')).free).toBe('0x20-0x2f');
    expect(pagesOf(predict(sandyBridge, 'two-phase')).free).toBeUndefined();
  });

  it('keeps for ever what crosses 1 MiB or is not all RAM', () => {
    const crossing = { ...STOCK, efiMap: [bootData(0x90000, 0x11_0000)] };
    expect(pagesOf(predict(crossing, 'lock-on-crashkernel'))).toMatchObject({ free: '0x10-0x97' });
    const hole = {
      ...STOCK,
      e820: [ram(0, 0x40000), ram(0x41000, 0xa0000), ram(SZ_1M, 0x4000_0000)],
      efiMap: [bootData(0x30000, 0x50000)],
    };
    expect(pagesOf(predict(hole, 'lock-on-crashkernel'))).toMatchObject({
      'boot-services': '0x30-0x3f,0x41-0x4f',
    });
  });

  it('frees boot services in spite of efi=debug up to v5.6', () => {
    const debug = { ...boot, cmdline: 'efi=debug' };
    expect(pagesOf(predict(debug, 'backup-region')).free).toBe('0x10-0x97');
    expect(pagesOf(predict(debug, 'lock-on-crashkernel')).free).toBe('0x10-0x1f,0x30-0x97');
  });
});

describe('what a kdump of low memory has', () => {
  it('leaves the first 1 MiB out but for the backup region', () => {
    const low = [physRange(0x1000, 0xa0000)];
    expect(predict(STOCK, 'reserve-1m')).toMatchObject({
      captureLowRam: low,
      vmcoreLow: { kexec_file_load: [], kexec_load: low },
    });
    expect(predict(STOCK, 'backup-region').vmcoreLow.kexec_file_load).toEqual(low);
  });

  it('has every piece of low RAM where it has any', () => {
    const hole = { ...STOCK, e820: [ram(0, 0x40000), ram(0x41000, 0xa0000)] };
    const pieces = [physRange(0x1000, 0x40000), physRange(0x41000, 0xa0000)];
    expect(predict(hole, 'backup-region')).toMatchObject({
      vmcoreLow: { kexec_file_load: pieces, kexec_load: pieces },
    });
  });
});
