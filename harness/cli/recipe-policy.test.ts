// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { type Axes, expand } from '../matrix/expand.ts';
import { withRecipePolicies } from './recipe-policy.ts';

function kernels(
  policy: string | null,
): ReadonlyMap<string, { ref: string; policy: string | null }> {
  return new Map([['recipe:mine', { ref: 'recipe:mine', policy }]]);
}

const MINE: Axes = { kernel: ['recipe:mine'] };

it('holds a kernel to the policy of its recipe, under the same id', () => {
  const [cell] = expand(MINE);
  const [held] = withRecipePolicies(expand(MINE), kernels('two-phase'));
  expect(held?.spec.policy).toBe('two-phase');
  expect(held?.id).toBe(cell?.id);
});

it.each([
  {
    what: 'a policy that was named',
    axes: { ...MINE, policy: ['reserve-1m'] as const },
    of: 'two-phase',
  },
  { what: 'a kernel without one', axes: MINE, of: null },
])('leaves $what', ({ axes, of }) => {
  expect(withRecipePolicies(expand(axes), kernels(of))).toEqual(expand(axes));
});

it('refuses a policy that there is not', () => {
  expect(() => withRecipePolicies(expand(MINE), kernels('three-phase'))).toThrow(
    new UsageError(
      'Cannot hold recipe:mine to the policy "three-phase" of its recipe: one of auto, ' +
        'backup-region, lock-on-crashkernel, keep-on-crashkernel, reserve-1m, ' +
        'reserve-1m-deferred, two-phase wanted',
    ),
  );
});
