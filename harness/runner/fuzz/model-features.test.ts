// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { layoutOf } from '../../fuzz/fuzz-case.ts';
import { generateCase } from '../../fuzz/generate-case.ts';
import { machineOf } from '../../check/log/log-machine.ts';
import { predict } from '../../model/prediction.ts';
import { featuresOf } from './model-features.ts';

/** One piece of boot services among conventional memory. */
function features(pages: number, cmdline = ''): string[] {
  const pieces = [
    { type: 'Conventional', pages: 0x20 },
    { type: 'BootServicesData', pages },
    { type: 'Conventional', pages: 0xa0 - 0x20 - pages },
  ] as const;
  const layout = layoutOf(
    { ...generateCase(1, 0), pieces: [...pieces], islands: [], bda: null },
    'made',
  );
  const told = { trampolineSize: null, baseMemoryKiB: null, ebda: null, esrt: null };
  const { inputs } = machineOf(layout, { ...told, cmdline, append: [], reserved: [] });
  return featuresOf(predict(inputs, 'two-phase'));
}

it('tells apart what the model does, not on which pages', () => {
  const some = features(4);
  expect(new Set(some).size).toBe(some.length);
  expect(some).toContainEqual(
    expect.stringMatching(/efi_unmap_boot_services: pool.*, 2\^2 pages$/),
  );
  expect(features(5)).toEqual(some);
  expect(features(8)).not.toEqual(some);
});

it('tells apart neighbours, the end, and what a claim takes', () => {
  expect(features(4)).toContain('free | trampoline');
  expect(features(4)).toContain('ends in undefined');
  expect(features(4, 'crashkernel=256M')).toContain('lock | trampoline');
});
