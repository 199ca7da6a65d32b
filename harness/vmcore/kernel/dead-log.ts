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
    seeing(() => readPrintk({ memory, vmcoreinfo })),
  );
  const logs = tried.flatMap(({ value }) => (value ? [value] : []));
  const found = logs.find((records) => records.length > 0 && makesSense(records));
  if (found) return found;
  if (logs.some((records) => records.length > 0)) {
    throw new FormatError('Cannot read the kernel log: expected ascending numbers, found others');
  }
  const [first] = tried;
  if (logs.length === 0 && first && 'why' in first) throw new FormatError(first.why);
  return [];
}

/** Records read with the right layout have numbers that follow each other. */
function makesSense(records: readonly PrintkRecord[]): boolean {
  const isAscending = records.every(
    ({ seq }, index) => index === 0 || seq > (records[index - 1]?.seq ?? 0n),
  );
  // A record that was being written is missing, at most one for each CPU.
  const span = (records.at(-1)?.seq ?? 0n) - (records[0]?.seq ?? 0n) + 1n;
  return isAscending && span <= BigInt(records.length * 2);
}
