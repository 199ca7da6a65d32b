// SPDX-License-Identifier: MIT
import { LeaseError } from '../errors.ts';

/** How a lease is kept. */
interface LeaseOptions {
  /** How long it lasts after it was renewed, ms. */
  readonly leaseMs: number;
  /** Renews it. Rejects with `LeaseError` if it is lost; any other error may pass. */
  readonly renew: () => Promise<void>;
  /** Ends the work for another reason. */
  readonly signal: AbortSignal;
}

/** Between two renewals at most, ms: so soon a cell that was cancelled is told of it. */
const RENEW_MS = 2000;

/**
 * Does work for as long as its lease lasts. When the lease is lost, or was not renewed in time because the server is out
 * of reach or this program was stopped, the signal of the work fires, and once it has ended `LeaseError` is thrown, whatever
 * came of it.
 */
export async function underLease<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { leaseMs, renew, signal }: LeaseOptions,
): Promise<T> {
  const losing = new AbortController();
  const lose = (error: LeaseError): void => {
    losing.abort(error);
  };
  let expiry = expiresIn(leaseMs, lose);
  let isRenewing = false;
  const renewOnce = async (): Promise<void> => {
    if (isRenewing) return;
    isRenewing = true;
    const askedAt = performance.now();
    try {
      await renew();
      clearTimeout(expiry);
      // It counts from when it was asked for, at the earliest.
      if (!isOver) expiry = expiresIn(leaseMs - (performance.now() - askedAt), lose);
    } catch (error) {
      if (error instanceof LeaseError) lose(error);
    } finally {
      isRenewing = false;
    }
  };
  let isOver = false;
  const timer = setInterval(() => void renewOnce(), Math.min(leaseMs / 4, RENEW_MS));
  try {
    const result = await work(AbortSignal.any([signal, losing.signal]));
    losing.signal.throwIfAborted();
    return result;
  } catch (error) {
    throw losing.signal.aborted ? losing.signal.reason : error;
  } finally {
    isOver = true;
    clearInterval(timer);
    clearTimeout(expiry);
  }
}

function expiresIn(ms: number, lose: (error: LeaseError) => void): NodeJS.Timeout {
  return setTimeout(() => {
    lose(new LeaseError('Lost the lease: it was not renewed in time'));
  }, ms);
}
