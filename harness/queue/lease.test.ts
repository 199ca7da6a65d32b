// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LeaseError } from '../errors.ts';
import { underLease } from './lease.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const { signal } = new AbortController();

/** Work that takes so long, unless its signal fires. */
function working(ms: number) {
  return (stop: AbortSignal): Promise<string> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        resolve('done');
      }, ms);
      stop.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new Error('stopped'));
      });
    });
}

/** How it ends, after so many ms. */
async function endAfter(ms: number, end: Promise<string>): Promise<unknown> {
  let seen: unknown = 'still working';
  end.then(
    (value) => (seen = value),
    (error: unknown) => (seen = error),
  );
  await vi.advanceTimersByTimeAsync(ms);
  return seen;
}

it('lets work go on for as long as its lease is renewed', async () => {
  const renew = vi.fn<() => Promise<void>>(() => Promise.resolve());
  const end = underLease(working(100_000), { leaseMs: 8000, renew, signal });
  expect(await endAfter(100_000, end)).toBe('done');
  expect(renew.mock.calls.length).toBeGreaterThanOrEqual(49);
  expect(vi.getTimerCount()).toBe(0);
});

it('stops work whose lease is gone, at the next renewal', async () => {
  const gone = new LeaseError('gone');
  const renew = (): Promise<void> => Promise.reject(gone);
  expect(await endAfter(2000, underLease(working(9999), { leaseMs: 8000, renew, signal }))).toBe(
    gone,
  );
});

it.each([
  { what: 'fails', renew: (): Promise<void> => Promise.reject(new Error('no network')) },
  { what: 'is not answered', renew: (): Promise<void> => new Promise(() => {}) },
])('stops work at the end of its lease where renewing $what', async ({ renew }) => {
  const end = underLease(working(99_999), { leaseMs: 8000, renew, signal });
  expect(await endAfter(7999, end)).toBe('still working');
  expect(await endAfter(1, end)).toBeInstanceOf(LeaseError);
});

it('counts a lease from when it was asked for, not from the late answer', async () => {
  let answers = 0;
  const renew = (): Promise<void> =>
    answers++ === 0 ? new Promise((resolve) => setTimeout(resolve, 5000)) : new Promise(() => {});
  const end = underLease(working(99_999), { leaseMs: 8000, renew, signal });
  // Asked for at 2 s, answered at 7 s.
  expect(await endAfter(9999, end)).toBe('still working');
  expect(await endAfter(1, end)).toBeInstanceOf(LeaseError);
});

it('takes no result from work that does not see that its lease is lost', async () => {
  const renew = (): Promise<void> => Promise.reject(new LeaseError('gone'));
  const deaf = (): Promise<string> => working(5000)(new AbortController().signal);
  expect(await endAfter(5000, underLease(deaf, { leaseMs: 8000, renew, signal }))).toBeInstanceOf(
    LeaseError,
  );
});

it('throws what the work throws', async () => {
  const renew = (): Promise<void> => Promise.resolve();
  const end = underLease(() => Promise.reject(new RangeError('no')), {
    leaseMs: 8000,
    renew,
    signal,
  });
  expect(await endAfter(0, end)).toEqual(new RangeError('no'));
});
