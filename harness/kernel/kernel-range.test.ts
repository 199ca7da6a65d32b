// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { kernelsInRange } from './kernel-range.ts';

const KERNELS = [
  'debian:5.10.218-1',
  'debian:5.10.262-1',
  'debian:5.10.262-1/rt',
  'debian:6.1.170-3',
  'debian:6.12.43-1~bpo12+1',
  'debian:6.12.118-1',
  'debian:6.12.118-1/rt',
].map((ref) => {
  const [version = '', flavour = 'cloud'] = ref.slice('debian:'.length).split('/');
  return { ref, version, flavour };
});

function refs(range: string): string[] {
  return kernelsInRange(KERNELS, range).map(({ ref }) => ref.slice('debian:'.length));
}

describe('kernelsInRange', () => {
  it.each([
    ['debian:5.10..debian:6.1', ['5.10.218-1', '5.10.262-1', '6.1.170-3']],
    ['debian:5.10.262..debian:6.1', ['5.10.262-1', '6.1.170-3']],
    ['debian:6.12', ['6.12.43-1~bpo12+1', '6.12.118-1']],
    ['debian:6.1..debian:newest', ['6.1.170-3', '6.12.43-1~bpo12+1', '6.12.118-1']],
    ['debian:5.10/rt..debian:6.12/rt', ['5.10.262-1/rt', '6.12.118-1/rt']],
  ])('takes %s', (range, kernels) => {
    expect(refs(range)).toEqual(kernels);
  });

  it.each([
    ['debian:6.12..debian:5.10', 'debian:6.12 is newer than debian:5.10; swap them'],
    ['debian:6.1', 'found only debian:6.1.170-3'],
    ['debian:5.10..debian:6.13', 'Cannot find a kernel debian:6.13'],
    ['debian:5.4..debian:6.12', 'Cannot find a kernel debian:5.4'],
    ['debian:5.10..debian:6.12/rt', 'expected one flavour, found cloud and rt'],
    [
      'debian:5.10..recipe:plain-6.12',
      'expected debian:<version>..debian:<version> or debian:<version>',
    ],
    ['debian:5.10..', 'debian:<version>..debian:<version>'],
  ])('refuses %s', (range, message) => {
    expect(() => refs(range)).toThrow(UsageError);
    expect(() => refs(range)).toThrow(message);
  });
});
