// SPDX-License-Identifier: MIT
import { ERROR_CLASSES } from '../errors.ts';

/** An error as it can be sent to another thread: the structured clone of one loses its class and its own fields. */
export interface SentError {
  /** The name of its class. */
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Its own fields that are words or numbers, such as `code`, `errno` and `syscall` of a system call's error. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: SentError | null;
}

/** The classes of JavaScript; any other becomes an `Error` that keeps its name. */
const NATIVE = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

const CLASSES: Readonly<Record<string, { readonly prototype: Error }>> = {
  ...NATIVE,
  ...ERROR_CLASSES,
};

/** An error has a cause, which may have one: more than so many are not sent. */
const CAUSES_LIMIT = 8;

/** What was thrown, to be sent to another thread. */
export function sendableError(thrown: unknown, causes = CAUSES_LIMIT): SentError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack = '', cause } = error;
  const isPlain = (value: unknown): boolean =>
    value === null || ['string', 'number', 'boolean'].includes(typeof value);
  const fields = Object.fromEntries(Object.entries(error).filter(([, value]) => isPlain(value)));
  const isSent = cause !== undefined && causes > 0;
  return { name, message, stack, fields, cause: isSent ? sendableError(cause, causes - 1) : null };
}

/** The error that was sent, of the class that it had. */
export function receivedError({ name, message, stack, fields, cause }: SentError): Error {
  const error = new Error(message, cause ? { cause: receivedError(cause) } : {});
  const known = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  if (known) Object.setPrototypeOf(error, known.prototype);
  if (error.name !== name) error.name = name;
  return Object.assign(error, { stack }, fields);
}
