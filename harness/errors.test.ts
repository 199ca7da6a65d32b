// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError, HostError, codeOf, fromSystemError, messageOf } from './errors.ts';

/** What a function throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('fromSystemError', () => {
  it.each([
    ['a file that cannot be read', () => readFileSync('/no/such/file'), 'ENOENT'],
    ['memory that cannot be had', () => new ArrayBuffer(2 ** 45), 'Array buffer allocation failed'],
  ])('blames the host for %s', (_, work, why) => {
    const error = fromSystemError(thrownBy(work), 'go home');
    expect(error).toBeInstanceOf(HostError);
    expect(messageOf(error)).toMatch(new RegExp(`^Cannot go home: .*${why}`));
  });

  it.each([
    ['E_BUG', () => new Uint8Array(-1)],
    ['E_BUG', () => Buffer.alloc(2 ** 53)],
    [
      'E_FORMAT',
      () => {
        throw new FormatError('no ELF');
      },
    ],
  ])('leaves any other error as it is: %s', (code, work) => {
    const thrown = thrownBy(work);
    expect(fromSystemError(thrown)).toBe(thrown);
    expect(codeOf(thrown)).toBe(code);
  });
});
