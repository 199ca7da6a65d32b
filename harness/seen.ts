// SPDX-License-Identifier: MIT
import { FormatError } from './errors.ts';

/** A value, or why there is none. */
export type Seen<T> = { readonly value: T } | Unseen;

/** Why there is no value. */
export interface Unseen {
  readonly value: null;
  readonly why: string;
  /** The kernel option or the setting that would show it, where it is hidden for want of that alone. */
  readonly shownBy?: string;
}

/** What `read` gives; a `FormatError` is a reason, not an end. */
export function seeing<T>(read: () => T): Seen<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof FormatError) return { value: null, why: error.message };
    throw error;
  }
}

/** What follows from something seen; if that was not seen, neither is this. */
export function seenFrom<T, U>(seen: Seen<T>, derive: (value: T) => Seen<U>): Seen<U> {
  return 'why' in seen ? seen : derive(seen.value);
}

/** What `read` gives of something seen; again, a `FormatError` is a reason. */
export function seeingFrom<T, U>(seen: Seen<T>, read: (value: T) => U): Seen<U> {
  return seenFrom(seen, (value) => seeing(() => read(value)));
}
