// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { type Axes, expandSpecs } from '../matrix/expand.ts';
import { withRecipePolicy } from './recipe-policy.ts';

/** The policy of a cell with a kernel whose recipe names that policy. */
function held(policy: string | null, axes: Partial<Axes> = {}): string | undefined {
  const [spec] = expandSpecs({ kernel: ['recipe:mine'], ...axes });
  return spec && withRecipePolicy(spec, { ref: 'recipe:mine', policy }).policy;
}

it('holds a kernel to the policy of its recipe', () => {
  expect(held('two-phase')).toBe('two-phase');
});

it('leaves a policy that was named, and a kernel without one', () => {
  expect(held('two-phase', { policy: ['reserve-1m'] })).toBe('reserve-1m');
  expect(held(null)).toBe('auto');
});

it('refuses an unknown policy', () => {
  expect(() => held('three-phase')).toThrow(
    new UsageError(
      'Cannot hold recipe:mine to the policy of its recipe: expected one of auto, ' +
        'backup-region, lock-on-crashkernel, keep-on-crashkernel, reserve-1m, ' +
        'reserve-1m-deferred, reserve-1m-whole, two-phase, two-phase-v2, found "three-phase"',
    ),
  );
});
