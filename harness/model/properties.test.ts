// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowPages } from '../memory/page-map.ts';
import { LOW_PAGES } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { anyInputs, anyMachine, anyPolicy } from './testing/machine-cases.ts';
import { STOCK_5_10, bootData, ram } from './testing/machine-builder.ts';
import { type ModelInputs, hasEfiOption } from './model-inputs.ts';
import { OWNERS, type Owner } from './owners.ts';
import { MOMENTS, type Moment } from './moments.ts';
import { type Prediction, predict } from './prediction.ts';

/**
 * Machines that each property is asked of: the same each time, so that a change is judged by itself.
 * Mutation testing asks fewer.
 */
const RUNS = {
  numRuns: Number(process.env['SUB1M_PROPERTY_RUNS'] ?? 10_000),
  seed: 20210412,
};

function ownersOf({ pages }: Prediction): Owner[] {
  return pages.map(({ owner }) => owner);
}

function hasCrashkernel({ cmdline }: ModelInputs): boolean {
  return cmdline.includes('crashkernel');
}

/** A descriptor of the map, in two halves. */
function splitOne(inputs: ModelInputs, index: number): ModelInputs {
  const efiMap = (inputs.efiMap ?? []).flatMap((entry, at) => {
    const { start, end } = entry.range;
    const middle = start + Math.floor((end - start) / 0x2000) * 0x1000;
    if (at !== index || middle === start) return [entry];
    return [
      { ...entry, range: physRange(start, middle) },
      { ...entry, range: physRange(middle, end) },
    ];
  });
  return { ...inputs, efiMap };
}

describe('whatever the machine, the model', { timeout: 120_000 }, () => {
  it('gives each page one owner at every moment, and tells how it came to it', () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const { pages, moments } = predict(inputs, policy);
        expect(pages).toHaveLength(LOW_PAGES);
        for (const moment of Object.keys(MOMENTS) as Moment[]) {
          expect(moments[moment]).toHaveLength(LOW_PAGES);
          expect(moments[moment].every((owner) => owner in OWNERS)).toBe(true);
        }
        expect(pages.every(({ owner, history }) => history.at(-1)?.owner === owner)).toBe(true);
        expect(moments['kexec-jump']).toEqual(pages.map(({ owner }) => owner));
      }),
      RUNS,
    );
  });

  it("never gives away the firmware's memory, nor page 0", () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const { pages } = predict(inputs, policy);
        const lost = pages.filter(({ history }) => {
          const taken = history.findIndex(({ owner }) => owner === 'firmware');
          return taken !== -1 && taken < history.length - 1;
        });
        expect(lost).toEqual([]);
        expect(pages[0]?.owner).toMatch(/^(page0|firmware)$/);
      }),
      RUNS,
    );
  });

  it('puts the trampoline below 1 MiB on whole pages that are its own, or says who panics', () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const { pages, trampoline, panic } = predict(inputs, policy);
        const whole = trampoline ?? physRange(0, 0);
        const size = Math.ceil(inputs.trampolineSize / 0x1000) * 0x1000;
        expect(whole.start % 0x1000).toBe(0);
        expect(whole.end - whole.start).toBe(trampoline ? size : 0);
        expect(lowPages(whole).every((page) => pages[page]?.owner === 'trampoline')).toBe(true);
        expect(trampoline !== null || panic !== null).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('whatever the machine, two-phase', { timeout: 120_000 }, () => {
  it('leaves nothing in the pool, and without a claimant nothing that was available reserved', () => {
    fc.assert(
      fc.property(anyMachine, (inputs) => {
        fc.pre(!hasCrashkernel(inputs) && !inputs.sandyBridgeGraphics);
        const prediction = predict(inputs, 'two-phase');
        const owners = ownersOf(prediction);
        expect(owners).not.toContain('pool');
        const pool = owners.filter(
          (_, page) => prediction.moments['boot-services-over'][page] === 'pool',
        );
        expect(pool.filter((owner) => owner !== 'free' && owner !== 'trampoline')).toEqual([]);
      }),
      RUNS,
    );
  });

  it('frees nothing with a crashkernel that has room', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        fc.pre(hasCrashkernel(inputs));
        const roomy = { ...inputs, e820: [...inputs.e820, ram(0x2000_0000, 0x4000_0000)] };
        expect(ownersOf(predict(roomy, 'two-phase'))).not.toContain('free');
      }),
      RUNS,
    );
  });

  it('gives a claimant only what was available', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { moments } = predict(inputs, 'two-phase');
        const before = (wanted: Owner): (Owner | undefined)[] =>
          moments['boot-services-over'].filter((_, page) => moments.claimed[page] === wanted);
        expect(before('lock').filter((owner) => owner !== 'pool')).toEqual([]);
        const available: readonly unknown[] = ['pool', 'boot-services'];
        expect(before('trampoline').filter((owner) => !available.includes(owner))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('boots whenever there are pages enough in a row, however the firmware named them', () => {
    fc.assert(
      fc.property(anyMachine, (inputs) => {
        const { moments, panic } = predict(inputs, 'two-phase');
        const debug = hasEfiOption(inputs, 'debug');
        const usable = moments['boot-services-over']
          .map((owner) => (owner === 'pool' || (debug && owner === 'boot-services') ? 'x' : ' '))
          .join('');
        const wanted = 'x'.repeat(Math.ceil(inputs.trampolineSize / 0x1000));
        expect(panic === null).toBe(usable.includes(wanted));
      }),
      RUNS,
    );
  });

  it('does not depend on the order of descriptors', () => {
    fc.assert(
      fc.property(anyMachine, (inputs) => {
        const turned = { ...inputs, efiMap: inputs.efiMap?.toReversed() ?? null };
        expect(ownersOf(predict(turned, 'two-phase'))).toEqual(
          ownersOf(predict(inputs, 'two-phase')),
        );
      }),
      RUNS,
    );
  });

  it('does not depend on a descriptor being split, unless efi=debug keeps its pieces', () => {
    fc.assert(
      fc.property(anyMachine, fc.nat(12), (inputs, index) => {
        fc.pre(!hasEfiOption(inputs, 'debug'));
        const split = ownersOf(predict(splitOne(inputs, index), 'two-phase'));
        expect(split).toEqual(ownersOf(predict(inputs, 'two-phase')));
      }),
      RUNS,
    );
  });
});

describe('the bugs of the thread: what does not hold for released policies', () => {
  const whole = { ...STOCK_5_10, cmdline: 'crashkernel=128M', efiMap: [bootData(0, 0x28000)] };

  it('splitting a descriptor changes what lock-on-crashkernel frees', () => {
    const split = { ...whole, efiMap: [bootData(0, 0x1000), bootData(0x1000, 0x28000)] };
    expect(ownersOf(predict(whole, 'lock-on-crashkernel'))).not.toContain('free');
    expect(ownersOf(predict(split, 'lock-on-crashkernel'))).toContain('free');
    expect(ownersOf(predict(split, 'keep-on-crashkernel'))).not.toContain('free');
  });

  it('reserve-1m boots or panics by how the firmware cut its boot services', () => {
    const biosWords = { ebdaSegment: 0x2c00, baseMemoryKiB: 0 };
    const one = { ...STOCK_5_10, biosWords, efiMap: [bootData(0x10000, 0x2c000)] };
    const cut = {
      ...one,
      efiMap: [0x10, 0x14, 0x18, 0x1c, 0x20, 0x24, 0x28].map((page, index) => ({
        ...bootData(page << 12, (page + 4) << 12),
        type: 3 + (index % 2),
      })),
    };
    expect(predict(one, 'reserve-1m').panic).toBeNull();
    expect(predict(cut, 'reserve-1m').panic).toEqual({
      step: 'init_real_mode',
      line: 'Kernel panic - not syncing: Real mode trampoline was not allocated',
    });
    expect(predict(cut, 'two-phase').panic).toBeNull();
  });
});
