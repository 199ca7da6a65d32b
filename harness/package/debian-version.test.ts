// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { compareDebianVersions, versionBeginsWith } from './debian-version.ts';

it.each([
  ['5.9-1', '5.10-1'],
  ['6.12.43-1~bpo12+1', '6.12.43-1'],
  ['6.12.43-1', '6.12.43-1+deb13u1'],
  ['6.12.43-1+b1', '6.12.43-2'],
  ['7.3~rc7-1~exp1', '7.3-1~exp1'],
  ['7.3~rc7-1~exp1', '7.3~rc10-1~exp1'],
  ['7.3~rc7-1~exp1', '7.3.4-1~bpo13+1'],
  ['6.12.115-1', '6.12.115-2~deb12u1'],
  ['6.12', '6.12-1'],
  ['6.12a', '6.12+'],
  ['linux-image-6.1.0-9-amd64', 'linux-image-6.1.0-10-amd64'],
])('orders %s before %s', (older, newer) => {
  expect(compareDebianVersions(older, newer)).toBeLessThan(0);
  expect(compareDebianVersions(newer, older)).toBeGreaterThan(0);
});

it.each([
  ['6.12.43-1', '6.12.43-1'],
  ['6.012-1', '6.12-01'],
  ['6.12', '6.12-0'],
])('treats %s and %s as equal', (a, b) => {
  expect(compareDebianVersions(a, b)).toBe(0);
});

it.each([
  ['5.10.262-1', '5.10', true],
  ['5.10.262-1', '5.1', false],
  ['5.10.262-1', '5', true],
  ['5.10.262-1', '5.10.262', true],
  ['5.10.262-1', '5.10.26', false],
  ['6.12.43-1~bpo12+1', '6.12.43', true],
  ['6.12.43-1~bpo12+1', '6.12.43-1', true],
  ['6.12.43-1~bpo12+1', '6.12.43-1~bpo1', false],
  ['6.12.43-1~bpo12+1', '6.12.43-1~bpo12+1', true],
  ['6.12.43-1+deb13u1', '6.12.43-1', true],
  ['7.3~rc7-1~exp1', '7.3', true],
  ['7.3~rc7-1~exp1', '7.3~r', false],
  ['6.1-1', '6.1.0', false],
])('%s begins with %s: %s', (version, wanted, begins) => {
  expect(versionBeginsWith(version, wanted)).toBe(begins);
});
