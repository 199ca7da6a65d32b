// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { fill, holds } from './expressions.ts';

const CONTEXTS = {
  inputs: { limit: '60min', hostile: '${{ inputs.limit }}"; rm -rf /' },
  matrix: { shard: '2' },
  strategy: { 'job-total': 3 },
  steps: { cells: { outputs: { status: '1' }, outcome: 'failure' } },
};

describe('fill', () => {
  it.each([
    ['no expression', 'no expression'],
    ['${{ matrix.shard }}/${{ strategy.job-total }}', '2/3'],
    ['${{ inputs.none }}', ''],
    ['${{ inputs.none || inputs.limit }}', '60min'],
    ["${{ format('a{0}', steps.cells.outputs.status) }}", 'a1'],
    // What a value holds is text.
    ['${{ inputs.hostile }}', '${{ inputs.limit }}"; rm -rf /'],
  ])('%s', (text, expected) => {
    expect(fill(text, CONTEXTS)).toBe(expected);
  });

  it.each([
    ['${{ secrets.token }}', 'Unrecognized named-value'],
    ['${{ 1 ! }}', 'Unexpected symbol'],
    ['${{ nothing() }}', 'Unrecognized function'],
  ])('refuses %s', (text, message) => {
    expect(() => fill(text, CONTEXTS)).toThrow(message);
  });
});

describe('holds', () => {
  it.each([
    [undefined, true, false],
    ["steps.cells.outputs.status == '1'", true, false],
    ["${{ steps.cells.outputs.status == '0' }}", false, false],
    ['always()', true, true],
    ["${{ !cancelled() && steps.cells.outputs.status != '' }}", true, true],
    ['failure()', false, true],
    ['success() || failure()', true, true],
    ["always() && ''", false, false],
    ['always() && null', false, false],
  ])('%s: %s, and after a failure %s', (condition, afterSuccess, afterFailure) => {
    expect(holds(condition, 'success', CONTEXTS)).toBe(afterSuccess);
    expect(holds(condition, 'failure', CONTEXTS)).toBe(afterFailure);
  });
});
