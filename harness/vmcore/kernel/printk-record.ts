// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** A record of the kernel log (`struct printk_info`). */
export interface PrintkRecord {
  readonly seq: bigint;
  /** Since boot. */
  readonly nanoseconds: bigint;
  readonly facility: number;
  /** From 0, emergency, to 7, debug (include/linux/kern_levels.h). */
  readonly level: number;
  /** The task, or the CPU if bit 31 is set; undefined if the kernel does not record it. */
  readonly callerId: number | undefined;
  /** Latin-1: any bytes that the guest wrote, including newlines. */
  readonly text: string;
}

/** What the log is read from. */
export interface LogContext {
  readonly memory: VirtualMemory;
  readonly vmcoreinfo: Vmcoreinfo;
}

/** Bytes kept of a record (`PRINTKRB_RECORD_MAX` and `LOG_LINE_MAX` are 1024 and 2048). */
const TEXT_LIMIT = 8192;

/** Bytes of a log, at most; `log_buf_len=` takes up to 2 GiB, which no log fills. */
export const LOG_BYTES_LIMIT = 32 * 1024 * 1024;

/** The text of a record up to its limit. */
export function printkText(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, TEXT_LIMIT)).toString('latin1');
}

/** Requires a value of VMCOREINFO that the log cannot be read without. */
export function requireField(value: number | bigint | undefined, key: string): number {
  if (value !== undefined) return Number(value);
  throw new FormatError(`Cannot read the kernel log: expected ${key} in VMCOREINFO, found none`);
}

/** The error for a malformed log: "expected `what` `how`". */
export function badLog(what: string, how: string, found: number | bigint): FormatError {
  return new FormatError(
    `Cannot read the kernel log: expected ${what} ${how}, found ${hex(found)}`,
  );
}

/** Requires the offset of a member, which must lie within its structure. */
export function requireMember(
  vmcoreinfo: Vmcoreinfo,
  member: string,
  { bytes, structBytes }: { readonly bytes: number; readonly structBytes: number },
): number {
  const offset = requireField(vmcoreinfo.offset(member), `OFFSET(${member})`);
  if (offset + bytes <= structBytes) return offset;
  throw badLog(`OFFSET(${member})`, `that leaves ${bytes} of ${structBytes} bytes`, offset);
}
