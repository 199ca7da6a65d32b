// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import {
  DeadlineError,
  FormatError,
  HostError,
  InterruptedError,
  MissingPageError,
  SurpriseError,
  UsageError,
} from '../../errors.ts';

/** A function that tests call in a thread. */
export function doubled(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new Error('expected bytes, found none');
  return bytes.map((byte) => byte * 2);
}

/** One that does not end. */
export function forever(): never {
  for (;;);
}

/** Errors of each kind, by a name. */
export function sampleErrors(): Readonly<Record<string, Error>> {
  return {
    host: new HostError('no disk', { cause: new RangeError('too far') }),
    usage: new UsageError('wrong option'),
    format: new FormatError('no ELF'),
    page: new MissingPageError('no page'),
    deadline: new DeadlineError('the guest', 2000),
    interrupted: new InterruptedError('Ctrl-C'),
    surprise: new SurpriseError('second-hello', 'nothing came'),
    range: new RangeError('out of bounds'),
    system: systemError(),
  };
}

function systemError(): Error {
  try {
    readFileSync('/no/such/file');
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected no /no/such/file');
}

/** Throws one of them. */
export function throwing(which: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- what is no error, too
  throw sampleErrors()[which] ?? 'just words';
}

/** Ends its thread. */
export function gone(): void {
  // oxlint-disable-next-line unicorn/no-process-exit -- in a thread it ends the thread alone
  process.exit(0);
}

/** Takes memory until there is none. */
export function greedy(): never {
  const taken: unknown[] = [];
  for (;;) taken.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
}

/** Gives what cannot be sent. */
export function unsendable(): () => void {
  return () => {};
}

/** Answers, and throws where nobody awaits it. */
export function thrownLater(): string {
  setImmediate(() => {
    throw new Error('later');
  });
  return 'for now';
}
