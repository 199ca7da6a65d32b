// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { SUITES, neighbours, newestVersion } from './choose-version.ts';

const versions = (...texts: string[]): { version: string; suite: string }[] =>
  texts.map((text) => {
    const [suite = '', version = ''] = text.split(' ');
    return { suite, version };
  });

it.each([
  ['the newest, whatever the order', ['sid 5.10-1', 'trixie 5.9-1'], 'sid 5.10-1'],
  ['none of a suite of last resort', ['experimental 7.3-1', 'sid 7.2-1'], 'sid 7.2-1'],
  ['what only a suite of last resort has', ['experimental 7.3-1'], 'experimental 7.3-1'],
])('takes %s', (_what, from, newest) => {
  expect(newestVersion(versions(...from))).toEqual(versions(newest)[0]);
});

it('takes nothing from an empty list', () => {
  expect(newestVersion([])).toBeUndefined();
});

it.each([
  ['1', ['5.9', '5.10']],
  ['5.10', ['5.9', '5.10', '6.1']],
  ['6.0', ['5.9', '5.10', '6.1', '6.12']],
  ['9', ['6.12', '7']],
])('finds two before and two after %s', (wanted, near) => {
  expect(neighbours(['7', '5.10', '5.9', '6.12', '6.1'], wanted, String)).toEqual(near);
});

it('knows the suites of the archive and of security', () => {
  expect(SUITES).toEqual(expect.arrayContaining(['bullseye', 'sid', 'trixie-security']));
});
