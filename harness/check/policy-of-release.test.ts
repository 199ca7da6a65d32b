// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { findPolicyOfRelease } from './policy-of-release.ts';

describe('the policy of a release', () => {
  it.each([
    { release: '4.19.325', id: 'backup-region' },
    { release: '5.4.68', id: 'backup-region' },
    { release: '5.4.69', id: 'lock-on-crashkernel' },
    { release: '5.5.0-rc1', id: 'lock-on-crashkernel' },
    { release: '5.10.0-46-amd64', version: '5.10.0', id: 'lock-on-crashkernel' },
    { release: '5.10.262', id: 'lock-on-crashkernel' },
    { release: '5.12.99', id: 'lock-on-crashkernel' },
    { release: '5.13.0-rc5', id: 'reserve-1m' },
    { release: '5.15.200', id: 'reserve-1m' },
    { release: '6.1.166', id: 'reserve-1m' },
    { release: '6.1.167', id: 'reserve-1m-deferred' },
    { release: '6.2.200', id: 'reserve-1m' },
    { release: '6.12.76', id: 'reserve-1m' },
    { release: '6.12.77+deb13-cloud-amd64', version: '6.12.77', id: 'reserve-1m-deferred' },
    { release: '6.13', id: 'reserve-1m' },
    { release: '6.19.99', id: 'reserve-1m' },
    { release: '7.0', id: 'reserve-1m-deferred' },
    { release: '7.3.4+deb14-amd64', version: '7.3.4', id: 'reserve-1m-deferred' },
    { release: '10.1.2', id: 'reserve-1m-deferred' },
  ])('is $id for $release', ({ release, id, version = release.replace(/-.*/, '') }) => {
    expect(findPolicyOfRelease(release)).toEqual({ version, id });
  });

  it.each(['', 'next-20260101', '6', '6.', 'v6.12.1', '12345.1'])(
    'is not told for "%s"',
    (text) => {
      expect(findPolicyOfRelease(text)).toBeUndefined();
    },
  );
});
