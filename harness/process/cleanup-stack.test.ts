// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { CleanupStack } from './cleanup-stack.ts';

describe('CleanupStack', () => {
  it('undoes in reverse order, even if its block throws', async () => {
    const undone: string[] = [];
    const block = async (): Promise<void> => {
      await using stack = new CleanupStack();
      stack.defer(() => undone.push('first'));
      stack.defer(() => undone.push('second'));
      throw new Error('in the block');
    };
    await expect(block()).rejects.toThrow('in the block');
    expect(undone).toEqual(['second', 'first']);
  });

  it('undoes everything even if something fails, and throws the first failure', async () => {
    const undone: string[] = [];
    const stack = new CleanupStack();
    stack.defer(() => undone.push('first'));
    stack.defer(() => Promise.reject(new Error('second fails')));
    stack.defer(() => {
      throw new Error('third fails');
    });
    await expect(stack[Symbol.asyncDispose]()).rejects.toThrow('third fails');
    expect(undone).toEqual(['first']);
  });

  it('leaves what was moved to the new owner', async () => {
    const undone: string[] = [];
    const stack = new CleanupStack();
    stack.defer(() => undone.push('once'));
    const owner = stack.move();
    await stack[Symbol.asyncDispose]();
    expect(undone).toEqual([]);
    await owner[Symbol.asyncDispose]();
    await owner[Symbol.asyncDispose]();
    expect(undone).toEqual(['once']);
  });
});
