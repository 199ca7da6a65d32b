// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** A message of the kernel log (`struct printk_info`). */
export interface PrintkRecord {
  readonly seq: bigint;
  /** Since the kernel started, nanoseconds. */
  readonly nanoseconds: bigint;
  readonly facility: number;
  /** 0 for an emergency to 7 for debugging (include/linux/kern_levels.h). */
  readonly level: number;
  /** The task, or the CPU if bit 31 is set; undefined where the kernel keeps none. */
  readonly callerId: number | undefined;
  /** Latin-1, a character for each byte that the guest wrote: any, newlines too. */
  readonly text: string;
}

/** Where the log lies in a dump. */
export interface LogContext {
  readonly memory: VirtualMemory;
  readonly vmcoreinfo: Vmcoreinfo;
}

/** Characters of one record that are kept (`PRINTKRB_RECORD_MAX` and `LOG_LINE_MAX` are 1024 and 2048). */
const TEXT_LIMIT = 8192;

/** Bytes of a log: `log_buf_len=` takes up to 2 GiB, nobody has so much to say. */
export const LOG_BYTES_LIMIT = 32 * 1024 * 1024;

/** The text of a record up to its limit. */
export function printkText(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, TEXT_LIMIT)).toString('latin1');
}

/** A value of VMCOREINFO that the log cannot be read without. */
export function requireField(value: number | bigint | undefined, key: string): number {
  if (value !== undefined) return Number(value);
  throw new FormatError(`Cannot read the kernel log: ${key} wanted in VMCOREINFO, none found`);
}

/** The error for a log that is no log. */
export function badLog(what: string, wanted: string, found: number | bigint): FormatError {
  return new FormatError(
    `Cannot read the kernel log: ${what} ${wanted} wanted, ${hex(found)} found`,
  );
}

/** A member that lies within its structure, both as VMCOREINFO has them. */
export function requireMember(
  vmcoreinfo: Vmcoreinfo,
  member: string,
  { bytes, structBytes }: { readonly bytes: number; readonly structBytes: number },
): number {
  const offset = requireField(vmcoreinfo.offset(member), `OFFSET(${member})`);
  if (offset + bytes <= structBytes) return offset;
  throw badLog(`OFFSET(${member})`, `for ${bytes} of ${structBytes} bytes`, offset);
}
