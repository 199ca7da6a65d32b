// SPDX-License-Identifier: MIT
import { ENDS, type End, endOfCode } from './ends.ts';
import { sourceStack } from './source-stack.ts';
import { SURPRISES, type Surprise } from './surprises.ts';

/**
 * Every error that sub1m throws on purpose. There is none for "the kernel failed": that is a verdict.
 *
 *   Sub1mError
 *   ├─ UsageError                exit 64  the command line, or a file that the user named, is wrong
 *   ├─ FormatError               exit 65  bytes or text that cannot be read
 *   │  ├─ UnsupportedFormatError          a format known by name that sub1m does not read
 *   │  └─ MissingPageError                a page that a sound dump does not have
 *   ├─ InfraError                exit 69  sub1m cannot tell: the host, QEMU, a download
 *   │  ├─ HostError                       the host lacks something: a tool, memory, disk space
 *   │  ├─ InputError                      a file that a machine is given changed under way
 *   │  ├─ FirmwareError                   a machine does not go on from a saved firmware, or none can be saved
 *   │  ├─ BuildError                      a source does not become a kernel: a patch does not fit,
 *   │  │                                  options are missing, the compiler fails
 *   │  │  └─ DamagedObjectError           what an earlier build left cannot be read
 *   │  ├─ PackageError                    a package cannot be found, downloaded or unpacked
 *   │  ├─ ProcessError                    a child process failed
 *   │  ├─ QmpError                        QEMU refused a command, or its QMP socket broke
 *   │  ├─ GuestLinkError                  the agent in the guest went away, or a session with it
 *   │  │  └─ SurpriseError                it broke PROTOCOL.md, and how has a name
 *   │  ├─ QueueError                      the server of a queue cannot be reached, or a worker sent what it must not
 *   │  │  ├─ LeaseError                   a worker lost its lease of a cell: another may have it
 *   │  │  └─ PoisonError                  a cell that ended the workers that ran it
 *   │  └─ DeadlineError                   a wait, named, ran out of its budget
 *   └─ InterruptedError          exit 130 Ctrl-C, SIGTERM or the caller's abort
 *
 * Anything else that is thrown is a bug of ours: exit 70, E_BUG. `ends.ts` has the exit codes.
 */

/** The base of all: a stable `code` for programs, a message for people, the `cause` kept. */
export abstract class Sub1mError extends Error {
  abstract readonly code: `E_${string}`;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** How a command ends that this error ends. */
  get end(): End {
    return endOfCode(this.code);
  }

  /** Its exit status. */
  get exitCode(): number {
    return ENDS[this.end].status;
  }
}

/** What the user asked for cannot be done as asked. */
export class UsageError extends Sub1mError {
  readonly code = 'E_USAGE';
}

/** Bytes or text that are not in the expected format. */
export class FormatError extends Sub1mError {
  readonly code: `E_${string}` = 'E_FORMAT';
}

/** A format that sub1m knows by name and does not read. */
export class UnsupportedFormatError extends FormatError {
  override readonly code = 'E_UNSUPPORTED_FORMAT';
}

/** A sound dump does not have this page: it is not memory, was left out, or was not read. */
export class MissingPageError extends FormatError {
  override readonly code = 'E_MISSING_PAGE';
}

/** The harness cannot tell: no verdict follows from it. */
abstract class InfraError extends Sub1mError {}

/** The host lacks something that the run needs. */
export class HostError extends InfraError {
  readonly code = 'E_HOST';
}

/** A file that a machine is given is not what it was when it was chosen: a kernel image, an initramfs, a firmware. */
export class InputError extends InfraError {
  readonly code = 'E_INPUT';
}

/** A machine does not go on from a saved firmware, or none can be saved: it can boot its firmware instead. */
export class FirmwareError extends InfraError {
  readonly code = 'E_FIRMWARE';
}

/** A source does not become a kernel, and the host is not to blame. */
export class BuildError extends InfraError {
  readonly code = 'E_BUILD';
}

/** An object that an earlier build has left, or seems to have left, cannot be read: all must be compiled anew. */
export class DamagedObjectError extends BuildError {}

/** A package cannot be found, downloaded, verified or unpacked. */
export class PackageError extends InfraError {
  readonly code = 'E_PACKAGE';
}

/** A child process could not be started, or failed. */
export class ProcessError extends InfraError {
  readonly code = 'E_PROCESS';
}

/** QEMU refused a QMP command, or the QMP connection broke. */
export class QmpError extends InfraError {
  readonly code = 'E_QMP';
}

/** The agent in the guest went away, or broke guest/PROTOCOL.md. */
export class GuestLinkError extends InfraError {
  readonly code = 'E_GUEST_LINK';
}

/** The guest did not keep to guest/PROTOCOL.md. `check/` decides whether its kernel is at fault. */
export class SurpriseError extends GuestLinkError {
  readonly surprise: Surprise;

  constructor(surprise: Surprise, detail: string, options?: ErrorOptions) {
    super(`Cannot follow the guest: ${SURPRISES[surprise]}: ${detail}`, options);
    this.surprise = surprise;
  }
}

/** The server of a queue cannot be reached, or what a worker sent is not what was asked for. */
export class QueueError extends InfraError {
  readonly code: `E_${string}` = 'E_QUEUE';
}

/** A worker has lost its lease of a cell: what it shows is nobody's result. */
export class LeaseError extends QueueError {
  override readonly code = 'E_LEASE';
}

/** Workers ended while they ran this cell. Nothing follows for its kernel. */
export class PoisonError extends QueueError {
  override readonly code = 'E_POISON';
}

/** A wait ran out of its budget. */
export class DeadlineError extends InfraError {
  readonly code = 'E_DEADLINE';
  /** What was waited for, as the caller named it. */
  readonly waitedFor: string;

  constructor(waitedFor: string, budgetMs: number) {
    super(`Waited ${budgetMs / 1000} s for ${waitedFor}`);
    this.waitedFor = waitedFor;
  }
}

/** The user or the caller stopped the work before it was done. */
export class InterruptedError extends Sub1mError {
  readonly code = 'E_INTERRUPTED';
}

/** Every class by its name, so that an error can be sent to another thread and stays what it is. */
export const ERROR_CLASSES: Readonly<Record<string, { readonly prototype: Sub1mError }>> = {
  UsageError,
  FormatError,
  UnsupportedFormatError,
  MissingPageError,
  HostError,
  InputError,
  FirmwareError,
  BuildError,
  DamagedObjectError,
  PackageError,
  ProcessError,
  QmpError,
  GuestLinkError,
  SurpriseError,
  QueueError,
  LeaseError,
  PoisonError,
  DeadlineError,
  InterruptedError,
};

/** The code of anything that was thrown: `E_BUG` where nobody threw it on purpose. */
export function codeOf(thrown: unknown): `E_${string}` {
  return thrown instanceof Sub1mError ? thrown.code : 'E_BUG';
}

/** Places of a stack that a report shows. */
const STACK_LINES = 8;

/** What anything that was thrown says; a bug also says where it is. */
export function wordsOf(thrown: unknown): string {
  if (thrown instanceof Sub1mError) return thrown.message;
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  const lines = sourceStack(stack).split('\n').slice(0, STACK_LINES);
  return ['A bug of ours; please report it', ...lines].join('\n');
}

/** The message of what was thrown, whatever it is. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What Node says when there is no memory: that of the process, of a thread, of the host. */
const NO_MEMORY = [
  'ERR_WORKER_OUT_OF_MEMORY',
  'ERR_WORKER_INIT_FAILED',
  'ERR_MEMORY_ALLOCATION_FAILED',
];

/** An error of Node's file or socket calls, or for want of memory, as a `HostError`; any other error unchanged. */
export function fromSystemError<T>(error: T, what = 'go on'): T | HostError {
  const isOfHost = error instanceof Error && (isSystemError(error) || isMemoryError(error));
  return isOfHost ? new HostError(`Cannot ${what}: ${error.message}`, { cause: error }) : error;
}

function isSystemError(error: Error): boolean {
  return 'errno' in error && 'syscall' in error;
}

function isMemoryError(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  // What V8 throws has no code.
  return NO_MEMORY.includes(code) || error.message === 'Array buffer allocation failed';
}
