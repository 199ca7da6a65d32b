// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { seeing } from '../../seen.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';
import type { FoundKernel } from './dead-image.ts';
import { printkCandidates } from './derived-vmcoreinfo.ts';
import type { Kallsyms } from './kallsyms.ts';
import { readPrintk } from './printk.ts';
import type { PrintkRecord } from './printk-record.ts';

/** A log, and the VMCOREINFO with which it was read. */
interface DeadLog {
  readonly vmcoreinfo: Vmcoreinfo;
  readonly records: readonly PrintkRecord[];
}

/** Reads the log, which is there from the first `printk()` on. Throws `FormatError`. */
export function readDeadLog({ kernel, note }: FoundKernel, kallsyms: Kallsyms): DeadLog {
  const { memory } = kernel;
  const read = (vmcoreinfo: Vmcoreinfo): DeadLog => ({
    vmcoreinfo,
    records: readPrintk({ memory, vmcoreinfo }),
  });
  if (note.value) return read(note.value);
  const candidates = printkCandidates(kallsyms, kernel.btf.value);
  const tried = candidates.map((vmcoreinfo) => seeing(() => read(vmcoreinfo)));
  const logs = tried.flatMap(({ value }) => (value ? [value] : []));
  const found = logs.find(({ records }) => records.length > 0 && makesSense(records));
  if (found) return found;
  if (logs.some(({ records }) => records.length > 0)) {
    throw new FormatError('Cannot read the kernel log: expected ascending numbers, found others');
  }
  const [empty] = logs;
  if (empty) return empty;
  const [first] = tried;
  throw new FormatError(first && 'why' in first ? first.why : 'Cannot read the kernel log');
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
