// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { readLogBuf } from './printk-log-buf.ts';
import type { LogContext, PrintkRecord } from './printk-record.ts';
import { readRingbuffer } from './printk-ringbuffer.ts';

/**
 * Reads the kernel log, oldest first: from the ring buffer of 5.10 and later, or from `log_buf`.
 * Throws `FormatError` if there is neither.
 */
export function readPrintk(context: LogContext): PrintkRecord[] {
  if (context.vmcoreinfo.symbol('prb') !== undefined) return readRingbuffer(context);
  if (context.vmcoreinfo.symbol('log_buf') !== undefined) return readLogBuf(context);
  throw new FormatError(
    'Cannot read the kernel log: expected SYMBOL(prb) or SYMBOL(log_buf) in VMCOREINFO, found none',
  );
}

/**
 * The lines of the log, byte for byte as `makedumpfile --dump-dmesg` writes them: blanks before the
 * further lines of a record, and bytes that are neither printable ASCII nor a tab as `\x1b`. Unlike
 * there, white space that would move a cursor is escaped too.
 */
export function* renderPrintk(records: Iterable<PrintkRecord>): Generator<string> {
  for (const record of records) {
    const first = `[${timeOf(record)}] `;
    for (const [index, line] of record.text.split('\n').entries()) {
      yield (
        (index === 0 ? first : ' '.repeat(first.length)) + line.replaceAll(/[^\t -~]/g, escaped)
      );
    }
  }
}

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** `print_time()`: seconds, right-aligned, with a fraction of six digits. */
function timeOf({ nanoseconds }: PrintkRecord): string {
  const micros = nanoseconds / 1000n;
  const fraction = String(micros % 1_000_000n).padStart(6, '0');
  return `${String(micros / 1_000_000n).padStart(5)}.${fraction}`;
}
