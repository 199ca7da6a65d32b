// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { seeing } from '../../seen.ts';
import type { FoundKernel } from './dead-image.ts';
import { printkCandidates } from './derived-vmcoreinfo.ts';
import type { Kallsyms } from './kallsyms.ts';
import { readPrintk } from './printk.ts';
import type { PrintkRecord } from './printk-record.ts';

/** Reads the log, which is there from the first `printk()` on. Throws `FormatError`. */
export function readDeadLog({ kernel, note }: FoundKernel, kallsyms: Kallsyms): PrintkRecord[] {
  const { memory } = kernel;
  if (note.value) return readPrintk({ memory, vmcoreinfo: note.value });
  const tried = printkCandidates(kallsyms, kernel.btf.value).map((vmcoreinfo) =>
    seeing(() => requireSense(readPrintk({ memory, vmcoreinfo }))),
  );
  const found = tried.find(({ value }) => value !== null && value.length > 0)?.value;
  if (found) return found;
  if (tried.some(({ value }) => value !== null)) return [];
  const [first] = tried;
  throw new FormatError(first && 'why' in first ? first.why : 'Cannot read the kernel log');
}

/** Records read with the right layout have numbers that follow each other. */
function requireSense(records: PrintkRecord[]): PrintkRecord[] {
  const [first] = records;
  const last = records.at(-1);
  if (!first || !last) return records;
  const isAscending = records.every(
    ({ seq }, index) => index === 0 || seq > (records[index - 1]?.seq ?? 0n),
  );
  // A record that was being written is missing, at most one for each CPU.
  const missing = last.seq - first.seq + 1n - BigInt(records.length);
  if (isAscending && missing >= 0n && missing <= BigInt(records.length)) return records;
  throw new FormatError('Cannot read the kernel log: expected ascending numbers, found others');
}
