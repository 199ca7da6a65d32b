// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { findInstructionPointer, findStopReply } from './gdb-reply.ts';

it.each([
  ['T05thread:01;', { signal: 5, cpu: 0 }],
  ['T05thread:p01.0b;', { signal: 5, cpu: 10 }],
  ['T0506:00;thread:02;', { signal: 5, cpu: 1 }],
  ['T02', { signal: 2, cpu: undefined }],
  ['S05', { signal: 5, cpu: undefined }],
  ['T5', undefined],
  ['OK', undefined],
  ['W00', undefined],
])('reads the stop reply %s', (payload, reply) => {
  expect(findStopReply(payload)).toEqual(reply);
});

it('finds RIP after sixteen registers, in little endian', () => {
  const registers = `${'00'.repeat(128)}60a6078e9ffffffff`;
  expect(findInstructionPointer(registers)).toBe(0xffff_ff9f_8e07_a660n);
});

it.each(['', 'E01', '00'.repeat(135), `${'00'.repeat(128)}xxxxxxxxxxxxxxxx`])(
  'finds none in %j',
  (payload) => {
    expect(findInstructionPointer(payload)).toBeUndefined();
  },
);
