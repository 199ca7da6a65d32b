// SPDX-License-Identifier: MIT
/** Options of the commands that ask the model alone: what a log cannot tell of a machine. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ToldInputs } from '../check/log/log-machine.ts';
import { findSize } from '../memory/kernel-cmdline.ts';
import { SZ_1M, hex } from '../memory/pfn.ts';
import { type PhysRange, findRange } from '../memory/phys-range.ts';
import { PLAIN_MACHINE } from '../model/model-inputs.ts';

/** What these options are parsed to. */
export interface MachineOptions {
  readonly boot?: number;
  readonly cmdline?: string;
  readonly trampolineSize?: number;
  readonly baseMemory?: number;
  readonly ebda?: number;
  readonly reserved?: readonly PhysRange[];
  readonly esrt?: PhysRange;
}

/** Adds the options. */
export function addMachineOptions(command: Command): Command {
  return command
    .option(
      '--boot <n>',
      'of a log with several boots: its number, from 1 (default: the last)',
      count,
    )
    .option('--cmdline <text>', "the kernel command line (default: the log's, or empty)")
    .option(
      '--trampoline-size <size>',
      `the size of the real-mode trampoline, 0x7000 or 28K (default: the log's, or ${hex(PLAIN_MACHINE.trampolineSize)}; 0x6000 up to 5.12)`,
      size,
    )
    .option('--base-memory <KiB>', "where the BIOS's own memory begins: the word at 0x413", kib)
    .option('--ebda <address>', 'where the extended BIOS data area begins, such as 0x9d000', ebda)
    .addOption(
      new Option(
        '--reserved <range>',
        'what the kernel was loaded with, such as 0x65000-0x65fff for the EFI map; may be repeated',
      ).argParser((text: string, before: readonly PhysRange[] | undefined) => [
        ...(before ?? []),
        range(text),
      ]),
    )
    .option(
      '--esrt <range>',
      'where the EFI System Resource Table is, such as 0xd77d4b18-0xd77d4b4f',
      range,
    );
}

/** What these options say of a machine. */
export function toldBy(options: MachineOptions, append: readonly string[]): ToldInputs {
  return {
    cmdline: options.cmdline ?? null,
    append,
    trampolineSize: options.trampolineSize ?? null,
    baseMemoryKiB: options.baseMemory ?? null,
    ebda: options.ebda ?? null,
    reserved: options.reserved ?? [],
    esrt: options.esrt ?? null,
  };
}

function count(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number from 1.');
}

function size(text: string): number {
  const found = findSize(text);
  if (found?.rest === '' && found.bytes > 0 && found.bytes <= SZ_1M) return found.bytes;
  throw new InvalidArgumentError('Expected a size of at most 1M, such as 0x7000 or 28K.');
}

function kib(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1024) return Number(text);
  throw new InvalidArgumentError('Expected KiB, at most 1024, such as 564.');
}

function ebda(text: string): number {
  const address = /^0x[0-9a-f]{1,5}$/i.test(text) ? Number(text) : Number.NaN;
  if (address % 16 === 0) return address;
  throw new InvalidArgumentError(
    'Expected an address below 1 MiB that 16 divides, such as 0x9d000.',
  );
}

function range(text: string): PhysRange {
  const [, first = '', last = ''] = /^0x([0-9a-f]{1,13})-0x([0-9a-f]{1,13})$/i.exec(text) ?? [];
  const found = findRange(first, last);
  if (found) return found;
  throw new InvalidArgumentError('Expected a range, its last address inclusive: 0x65000-0x65fff.');
}
