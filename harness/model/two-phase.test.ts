// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { STOCK, STOCK_5_10, bootData, pagesOf, ram } from './testing/machine-builder.ts';
import type { ModelInputs } from './model-inputs.ts';
import { predict } from './prediction.ts';

function stepsOf(inputs: ModelInputs, page: number): string[] {
  const history = predict(inputs, 'two-phase').pages[page]?.history ?? [];
  return history.map(({ step, owner }) => `${step}: ${owner}`);
}

const POOLED = ['e820__memory_setup: free', 'reserve_real_mode: pool'];

describe('the two-phase policy', () => {
  it.each([
    { id: 'the trampoline', page: 0x98, inputs: STOCK, last: 'claim_trampoline: trampoline' },
    {
      id: 'the crashkernel',
      page: 0x50,
      inputs: { ...STOCK, cmdline: 'crashkernel=128M' },
      last: 'claim_crashkernel: lock',
    },
    {
      id: 'Sandy Bridge graphics',
      page: 0x50,
      inputs: { ...STOCK, sandyBridgeGraphics: true },
      last: 'claim_snb_graphics: reserved',
    },
    { id: 'nobody', page: 0x50, inputs: STOCK, last: 'release_pool: free' },
  ])('pools a page, which is claimed once: by $id', ({ page, inputs, last }) => {
    expect(stepsOf(inputs, page)).toEqual([...POOLED, last]);
  });

  it('claims the highest pages for the trampoline, also with movable_node', () => {
    const low = { ...STOCK_5_10, cmdline: 'movable_node' };
    expect(pagesOf(predict(low, 'two-phase'))).toMatchObject({
      free: '0x10-0x98',
      trampoline: '0x99-0x9e',
    });
  });

  it.each([
    { id: 'larger than memory', cmdline: 'crashkernel=2G' },
    { id: 'where there is no memory', cmdline: 'crashkernel=64M@3G' },
    { id: 'of no size', cmdline: 'crashkernel=' },
    { id: 'for a machine with more memory', cmdline: 'crashkernel=4G-:256M' },
  ])('claims nothing for a crashkernel that cannot be reserved: $id', ({ cmdline }) => {
    expect(pagesOf(predict({ ...STOCK, cmdline }, 'two-phase'))).toMatchObject({
      free: '0x10-0x97',
      trampoline: '0x98-0x9e',
    });
  });

  it('keeps boot services with efi=debug, but for the trampoline', () => {
    const boot = { ...STOCK, cmdline: 'efi=debug', efiMap: [bootData(0x20000, 0x30000)] };
    expect(pagesOf(predict(boot, 'two-phase'))).toMatchObject({
      'boot-services': '0x20-0x2f',
      trampoline: '0x98-0x9e',
    });
    const only = { ...boot, e820: [ram(0, 0x10000), ram(0x20000, 0x30000)] };
    expect(pagesOf(predict(only, 'two-phase'))).toMatchObject({
      'boot-services': '0x20-0x28',
      trampoline: '0x29-0x2f',
    });
    expect(stepsOf(only, 0x29).slice(1)).toEqual([
      'efi_reserve_boot_services: boot-services',
      'claim_trampoline: trampoline',
    ]);
  });

  it('stops the kernel when the trampoline fits nowhere', () => {
    expect(predict({ ...STOCK, e820: [ram(0, 0x16000)] }, 'two-phase').panic).toEqual({
      step: 'init_real_mode',
      line: 'Kernel panic - not syncing: Real mode trampoline was not allocated',
    });
  });
});
