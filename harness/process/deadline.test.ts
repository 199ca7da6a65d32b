// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { DeadlineError, InterruptedError } from '../errors.ts';
import { withDeadline } from './deadline.ts';

const never = (): Promise<never> => new Promise(() => {});
const quiet = (): AbortSignal => new AbortController().signal;

describe('withDeadline()', () => {
  it('returns what the work returns', async () => {
    const result = withDeadline('it', { budgetMs: 10_000, signal: quiet() }, () =>
      Promise.resolve(7),
    );
    await expect(result).resolves.toBe(7);
  });

  it('passes on an error of the work', async () => {
    const error = new Error('the work failed');
    const result = withDeadline('it', { budgetMs: 10_000, signal: quiet() }, () =>
      Promise.reject(error),
    );
    await expect(result).rejects.toBe(error);
  });

  it('names what was waited for when the budget is used up, and aborts the work', async () => {
    let aborted = false;
    const result = withDeadline('the guest', { budgetMs: 20, signal: quiet() }, (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return never();
    });
    await expect(result).rejects.toThrow(new DeadlineError('the guest', 20));
    await expect(result).rejects.toThrow('Waited 0.02 s for the guest');
    expect(aborted).toBe(true);
  });

  it('ends at once when the caller interrupts, even before it began', async () => {
    const controller = new AbortController();
    const running = withDeadline(
      'the guest',
      { budgetMs: 10_000, signal: controller.signal },
      never,
    );
    controller.abort();
    const late = withDeadline('the guest', { budgetMs: 10_000, signal: controller.signal }, never);
    for (const result of [running, late]) {
      await expect(result).rejects.toThrow(
        new InterruptedError('Interrupted while waiting for the guest'),
      );
    }
  });
});
