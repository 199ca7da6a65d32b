// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { findParameter, findSize, parseCmdline } from './kernel-cmdline.ts';

describe('a kernel command line', () => {
  it.each([
    { text: 'quiet', parameters: [{ name: 'quiet', value: null }] },
    { text: 'a=\n', parameters: [{ name: 'a', value: '' }] },
    { text: 'a=b=c', parameters: [{ name: 'a', value: 'b=c' }] },
    { text: 'movable-node', parameters: [{ name: 'movable_node', value: null }] },
    {
      text: 'a="b c" d',
      parameters: [
        { name: 'a', value: 'b c' },
        { name: 'd', value: null },
      ],
    },
    { text: '"a=b c"', parameters: [{ name: 'a', value: 'b c' }] },
    { text: 'a="b c', parameters: [{ name: 'a', value: 'b c' }] },
    { text: 'a -- b', parameters: [{ name: 'a', value: null }] },
    { text: '', parameters: [] },
  ])('"$text" is $parameters', ({ text, parameters }) => {
    expect(parseCmdline(text)).toEqual(parameters);
  });

  it('is read as far as a kernel would read it', () => {
    expect(parseCmdline(`a ${'"'.repeat(1e7)} b`)[0]?.name).toBe('a');
    expect(findParameter(`${' '.repeat(2048)}b`, 'b')).toBeUndefined();
  });

  it('obeys the last of several parameters with one name', () => {
    expect(findParameter('a=1 b=2 a=3', 'a')?.value).toBe('3');
    expect(findParameter('a=1', 'b')).toBeUndefined();
  });

  it.each([
    { text: '64K', size: { bytes: 0x10000, rest: '' } },
    { text: '0x10000', size: { bytes: 0x10000, rest: '' } },
    { text: '010', size: { bytes: 8, rest: '' } },
    { text: '0', size: { bytes: 0, rest: '' } },
    { text: '1g@16M', size: { bytes: 2 ** 30, rest: '@16M' } },
    { text: '256MB', size: { bytes: 2 ** 28, rest: 'B' } },
    { text: '', size: undefined },
    { text: 'M', size: undefined },
    { text: '-1', size: undefined },
    { text: '16E', size: undefined },
    { text: '99999999999999999999', size: undefined },
  ])('has "$text" as the size $size', ({ text, size }) => {
    expect(findSize(text)).toEqual(size);
  });
});
