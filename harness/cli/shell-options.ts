// SPDX-License-Identifier: MIT
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { CellSpec } from '../bundle/cell-record.ts';
import { UsageError } from '../errors.ts';
import type { GuestRole } from '../guest-link/guest-agent.ts';
import { type PlannedCell, expand } from '../matrix/expand.ts';
import { DEFAULT_CRASHKERNEL } from '../memory/crashkernel.ts';
import { quoteShell } from '../process/quote-shell.ts';
import { givenAxes } from './cell-options.ts';

/** A file on the host, and the file in the guest that it is copied to or from. */
interface FileCopy {
  readonly local: string;
  readonly remote: string;
}

export interface ShellOptions {
  readonly kernel: string;
  readonly in: GuestRole;
  readonly put: readonly FileCopy[];
  readonly get: readonly FileCopy[];
  readonly serial?: true;
  readonly gdb?: true;
  readonly mirror?: string;
  readonly budget: number;
}

/** The cell that the options ask for. Throws `UsageError` if it is not one cell, or never gets to the kernel asked for. */
export function shellCell(options: ShellOptions): PlannedCell {
  const { kernel, in: role, put, get, serial } = options;
  const crashkernel = [role === 'capture' ? DEFAULT_CRASHKERNEL : null];
  const [cell, ...others] = expand({ crashkernel, ...givenAxes({ ...options }), kernel: [kernel] });
  if (cell === undefined || others.length > 0) {
    throw new UsageError('Cannot open a shell in several cells: give each option one value');
  }
  if (serial && put.length + get.length > 0) {
    throw new UsageError('Cannot copy files over a serial port: leave out --serial');
  }
  if (role === 'capture') requireCapture(cell.spec);
  return { ...cell, spec: { ...cell.spec, vmcore: 'none', truth: 'none' } };
}

function requireCapture({ crashkernel, trigger }: CellSpec): void {
  const what = 'Cannot get to the capture kernel';
  if (crashkernel === null) {
    throw new UsageError(
      `${what} with --crashkernel none: leave it out, or pass ${DEFAULT_CRASHKERNEL}`,
    );
  }
  if (trigger === 'none') throw new UsageError(`${what} with --trigger none: it takes a panic`);
}

/** The line for the guest's shell: one word is a line already, several are a program and its arguments. */
export function shellLine(words: readonly string[]): string | undefined {
  return words.length > 1 ? words.map(quoteShell).join(' ') : words[0];
}

/** Reads `<local>:<remote>` of --put. */
export function parsePut(text: string, previous: readonly FileCopy[]): FileCopy[] {
  const colon = text.lastIndexOf(':');
  const [local, remote] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || remote === '') throw new InvalidArgumentError('Expected <local>:<remote>.');
  if (!isKind(local, 'isFile')) throw new InvalidArgumentError(`There is no file ${local}.`);
  return [...previous, { local, remote }];
}

/** Reads `<remote>:<local>` of --get; a folder takes the file under its own name. */
export function parseGet(text: string, previous: readonly FileCopy[]): FileCopy[] {
  const colon = text.indexOf(':');
  const [remote, to] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || to === '') throw new InvalidArgumentError('Expected <remote>:<local>.');
  const local = isKind(to, 'isDirectory') ? join(to, basename(remote)) : to;
  if (!isKind(dirname(local), 'isDirectory')) {
    throw new InvalidArgumentError(`There is no folder ${dirname(local)}.`);
  }
  return [...previous, { local, remote }];
}

function isKind(path: string, kind: 'isFile' | 'isDirectory'): boolean {
  return statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false;
}
