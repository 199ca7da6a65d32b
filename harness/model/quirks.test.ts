// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { SZ_1M } from '../memory/pfn.ts';
import {
  STOCK,
  STOCK_5_10,
  bootData,
  descriptor,
  pagesOf,
  ram,
} from './testing/machine-builder.ts';
import type { ModelInputs } from './model-inputs.ts';
import type { PolicyId } from '../policy-id.ts';
import { predict } from './prediction.ts';

const NO_TRAMPOLINE = {
  step: 'init_real_mode',
  line: 'Kernel panic - not syncing: Real mode trampoline was not allocated',
};

/** A machine whose low memory is taken but for these pages of boot services, on v5.13 and later. */
function onlyBootServices(...efiMap: ModelInputs['efiMap'] & object): ModelInputs {
  return { ...STOCK, biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0 }, efiMap };
}

function stepsOf(inputs: ModelInputs, policy: PolicyId, page: number): string[] {
  const history = predict(inputs, policy).pages[page]?.history ?? [];
  return history.map(({ step, owner }) => `${step}: ${owner}`);
}

describe('boot services', () => {
  const boot = { ...STOCK, efiMap: [bootData(0x20000, 0x30000)] };

  it.each<{ policy: PolicyId; last: string }>([
    { policy: 'lock-on-crashkernel', last: 'efi_free_boot_services: free' },
    { policy: 'reserve-1m', last: 'efi_free_boot_services: reserved' },
    { policy: 'two-phase', last: 'efi_unmap_boot_services: pool' },
  ])('are kept, then over: $policy', ({ policy, last }) => {
    expect(stepsOf(boot, policy, 0x20).slice(0, 3)).toEqual([
      'e820__memory_setup: free',
      'efi_reserve_boot_services: boot-services',
      last,
    ]);
  });

  it.each([
    { cmdline: 'quiet', kept: undefined },
    { cmdline: 'crashkernel=128M', kept: '0x20-0x2f' },
  ])('are kept for ever by the patch of 2021-04-07: "$cmdline"', ({ cmdline, kept }) => {
    const pages = pagesOf(predict({ ...boot, cmdline }, 'keep-on-crashkernel'));
    expect(pages['boot-services']).toBe(kept);
  });
});

describe('a trampoline without a place', () => {
  it('takes the start of the highest range of boot services that it fits in, to the byte', () => {
    const inputs = {
      ...onlyBootServices(bootData(0x12000, 0x19000), bootData(0x20000, 0x26000)),
      e820: [ram(0, 0x10000), ram(0x12000, 0x19000), ram(0x20000, 0x26000)],
    };
    expect(pagesOf(predict(inputs, 'reserve-1m')).trampoline).toBe('0x12-0x18');
    expect(stepsOf(inputs, 'reserve-1m', 0x12).at(-1)).toBe('efi_free_boot_services: trampoline');
  });

  it('is not freed with the boot services that it was taken from', () => {
    const inputs = {
      ...STOCK_5_10,
      e820: [ram(0, 0x1000), ram(0x20000, 0x30000)],
      efiMap: [bootData(0x20000, 0x30000)],
    };
    expect(pagesOf(predict(inputs, 'lock-on-crashkernel'))).toMatchObject({
      trampoline: '0x20-0x25',
      free: '0x26-0x2f',
    });
  });

  it.each([0x10_0000, 0x2000_0000])('does not go above 1 MiB, to boot services at %i', (start) => {
    const e820 = [ram(0, 0x10000), ram(SZ_1M, 0x4000_0000)];
    const inputs = { ...STOCK, e820, efiMap: [bootData(start, start + 0x10_0000)] };
    const { trampoline, panic, logLines } = predict(inputs, 'reserve-1m');
    expect(trampoline).toBeNull();
    expect(panic).toEqual(NO_TRAMPOLINE);
    expect(logLines).toContain('No sub-1M memory is available for the trampoline');
  });

  const pieces = (...types: number[]): ModelInputs =>
    onlyBootServices(
      ...types.map((type, index) =>
        descriptor(type, 0x10000 + index * 0x4000, 0x14000 + index * 0x4000),
      ),
    );

  it('finds neighbours of one type merged', () => {
    const e820 = [ram(0, 0x20000)];
    expect(predict({ ...pieces(4, 4, 4, 4), e820 }, 'reserve-1m').trampoline?.start).toBe(0x10000);
    expect(predict({ ...pieces(3, 4, 4, 3), e820 }, 'reserve-1m').trampoline?.start).toBe(0x14000);
  });

  it('finds nothing merged across a gap, nor across types', () => {
    const e820 = [ram(0, 0x20000)];
    expect(predict({ ...pieces(3, 4, 3, 4), e820 }, 'reserve-1m').panic).toEqual(NO_TRAMPOLINE);
    const gap = onlyBootServices(bootData(0x10000, 0x14000), bootData(0x15000, 0x19000));
    const holed = { ...gap, e820: [ram(0, 0x14000), ram(0x15000, 0x19000)] };
    expect(predict(holed, 'reserve-1m').panic).toEqual(NO_TRAMPOLINE);
  });
});

describe('the steps of realmode/init.c and crash.c', () => {
  it('are told page by page', () => {
    const locked = { ...STOCK_5_10, cmdline: 'crashkernel=128M' };
    expect(stepsOf(locked, 'lock-on-crashkernel', 0x50).at(-1)).toBe('crash_reserve_low_1M: lock');
    expect(predict(locked, 'lock-on-crashkernel').logLines).toContain(
      'kexec: Reserving the low 1M of memory for crashkernel',
    );
    expect(stepsOf(STOCK, 'reserve-1m', 0x50).at(-1)).toBe('reserve_real_mode: reserved');
    expect(stepsOf(STOCK, 'reserve-1m', 0x98).at(-1)).toBe('reserve_real_mode: trampoline');
  });
});

it('merges only neighbours of one type and one attribute', () => {
  const halves = [bootData(0x10000, 0x1e000), bootData(0x1e000, 0x2c000)];
  const alike = { ...onlyBootServices(...halves), trampolineSize: 0x10000 };
  expect(predict(alike, 'reserve-1m').trampoline?.start).toBe(0x10000);
  const efiMap = halves.map((entry, index) => ({ ...entry, attribute: BigInt(0xf + index * 16) }));
  expect(predict({ ...alike, efiMap }, 'reserve-1m').trampoline).toBeNull();
});
