// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

it.each([
  ['x1c6', 'x1c7'],
  ['trx4', 'trx40'],
  ['synthetic-all-boot-service', 'synthetic-all-boot-services'],
  ['thread2021', 'thread-2021'],
])('takes %s for %s', (wanted, nearest) => {
  const names = ['x1c7', 'trx40', 'synthetic-all-boot-services', 'thread-2021'];
  expect(nearestName(wanted, names)).toBe(nearest);
});
