// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../memory/phys-range.ts';
import {
  type BundleSpec,
  buildEvidence,
  diedSaying,
  ended,
  overran,
} from './testing/bundle-builder.ts';
import { reportText } from './testing/personality-cases.ts';
import { predictCell } from './predict-cell.ts';

/** The BIOS's own memory begins at 0x20000: below it these pages are left, in 4 KiB, to the trampoline. */
function roomFor(pages: number): string {
  const end = (0x10 + pages) * 0x1000;
  const free = pages === 0 ? [] : [`0x10000-0x${(end - 1).toString(16)} 7`];
  const asked = ['0x0-0xffff 7', ...free, `0x${end.toString(16)}-0x1ffff 0`, '0x20000-0x9ffff 7'];
  return reportText({ asked, bda: '0x2000 0x0' });
}

/** A cell whose kernel died at boot, or overran it. */
function died(report: string, outcome = ended('boot')): BundleSpec {
  const files = { ...diedSaying('Linux version 6.12\nX\n'), 'personality.log': report };
  return { spec: { layout: 'low-ebda' }, outcome, files };
}

describe('the prediction for a kernel that died', () => {
  it('is made where no trampoline has room', () => {
    const { value } = predictCell(buildEvidence(died(roomFor(4))), 'reserve-1m');
    expect(value).toMatchObject({
      trampoline: null,
      panic: { step: 'init_real_mode' },
    });
  });

  it('is made where every trampoline has room', () => {
    const { value } = predictCell(buildEvidence(died(roomFor(8))), 'reserve-1m');
    expect(value).toMatchObject({ trampoline: physRange(0x11000, 0x18000), panic: null });
  });

  it.each([5, 6, 7])('is not made where some trampolines have room in %d pages', (pages) => {
    expect(predictCell(buildEvidence(died(roomFor(pages))), 'reserve-1m')).toEqual({
      value: null,
      why: 'The kernel died before it could be asked how large its trampoline is, and all depends on it',
    });
  });

  it('is not made where the size decides who owns other pages', () => {
    // With no room among free pages the trampoline goes to boot services, and nothing is locked.
    const report = reportText({
      asked: [
        '0x0-0xfff 7',
        '0x1000-0xffff 0',
        '0x10000-0x15fff 7',
        '0x16000-0x1ffff 0',
        '0x20000-0x9efff 4',
        '0x9f000-0x9ffff 7',
      ],
    });
    const spec = { layout: 'few-free', crashkernel: '256M' };
    const evidence = buildEvidence({ ...died(report), spec });
    expect(predictCell(evidence, 'lock-on-crashkernel').value).toBeNull();
    expect(predictCell(evidence, 'reserve-1m').value).toMatchObject({ panic: null });
  });
});

describe('the prediction for a kernel that came up', () => {
  it('has the size of its own trampoline', () => {
    const { value } = predictCell(buildEvidence(), 'reserve-1m');
    expect(value?.trampoline).toEqual(physRange(0x9_8000, 0x9_f000));
  });

  it('is not made without it, though all sizes would do', () => {
    const evidence = buildEvidence({ ...died(roomFor(8)), outcome: overran('observe', 0) });
    expect(predictCell(evidence, 'reserve-1m')).toEqual({
      value: null,
      why: 'The cell left no system/kallsyms',
    });
  });

  it('is not made where something else is missing', () => {
    const evidence = buildEvidence({ files: { 'system/page0.bin': null } });
    expect(predictCell(evidence, 'reserve-1m')).toEqual({
      value: null,
      why: 'The cell left no system/page0.bin',
    });
  });
});
