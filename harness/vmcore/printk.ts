// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { readLogBuf } from './printk-log-buf.ts';
import type { LogContext, PrintkRecord } from './printk-record.ts';
import { readRingbuffer } from './printk-ringbuffer.ts';

/**
 * Reads the kernel log, oldest first: of the ring buffer that is there from 5.10, or of `log_buf`. Throws `FormatError`
 * if there is neither.
 */
export function readPrintk(context: LogContext): PrintkRecord[] {
  if (context.vmcoreinfo.symbol('prb') !== undefined) return readRingbuffer(context);
  if (context.vmcoreinfo.symbol('log_buf') !== undefined) return readLogBuf(context);
  throw new FormatError(
    'Cannot read the kernel log: SYMBOL(prb) or SYMBOL(log_buf) wanted in VMCOREINFO, none found',
  );
}

/** How lines are made of records. */
interface PrintkFormat {
  /** Who wrote it stands behind the time (CONFIG_PRINTK_CALLER). */
  readonly callers?: boolean;
  /** What stands before a further line of a record: the time again, as in the kernel's, or blanks, as in makedumpfile's. */
  readonly continued?: 'time' | 'blanks';
}

/** The lines of the log as the kernel prints them (`record_print_text()`). Characters are the guest's. */
export function* renderPrintk(
  records: Iterable<PrintkRecord>,
  { callers = false, continued = 'time' }: PrintkFormat = {},
): Generator<string> {
  for (const record of records) {
    const first = `[${timeOf(record)}]${callers ? callerOf(record) : ''} `;
    const further = continued === 'time' ? first : ' '.repeat(first.length);
    for (const [index, line] of record.text.split('\n').entries()) {
      yield (index === 0 ? first : further) + line;
    }
  }
}

/** `print_time()`: seconds, right-aligned, with six digits of their fraction. */
function timeOf({ nanoseconds }: PrintkRecord): string {
  const micros = nanoseconds / 1000n;
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  return `${String(micros / 1_000_000n).padStart(5)}.${fraction}`;
}

/** `print_caller()`: `[    T1]` for a task, `[    C0]` for a CPU. */
function callerOf({ callerId }: PrintkRecord): string {
  if (callerId === undefined) return '';
  const isCpu = callerId >= 0x8000_0000;
  return `[${`${isCpu ? 'C' : 'T'}${isCpu ? callerId - 0x8000_0000 : callerId}`.padStart(6)}]`;
}
