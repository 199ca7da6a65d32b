// SPDX-License-Identifier: MIT
import { findLogLine } from '../../memory/kernel-log.ts';
import { findParameter, findSize } from '../../memory/kernel-cmdline.ts';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { SURPRISES } from '../../surprises.ts';
import type { Evidence } from './evidence.ts';
import type { MemoryTruth } from './memory-truth.ts';

/** What `vmcore_init()` and `parse_crash_elf_headers()` say (fs/proc/vmcore.c); not the command line. */
const REFUSAL = [
  /\b(?:vmcore|elfcorehdr|ELF core header)/i,
  /\b(?:not|fail\w*|unable|invalid|warning)\b/i,
  /^(?!.*ommand line)/,
];

/**
 * A sentence on a capture kernel that came up without `/proc/vmcore`, with the reason as far as its command line, its
 * log and memory tell; null in any other cell.
 */
export function seenNoVmcore(evidence: Evidence, memory: MemoryTruth | null): string | null {
  const { outcome } = evidence.cell;
  if (outcome.kind !== 'surprise' || outcome.surprise !== 'no-vmcore') return null;
  const what = SURPRISES['no-vmcore'];
  return `${what[0]?.toUpperCase()}${what.slice(1)}: ${whyNot(evidence, memory)}`;
}

function whyNot(evidence: Evidence, memory: MemoryTruth | null): string {
  const cmdline = evidence.text('capture/cmdline');
  if (cmdline === undefined) return 'it does not tell why';
  const value = findParameter(cmdline, 'elfcorehdr')?.value;
  if (value === undefined || value === null) return 'its command line has no elfcorehdr=';
  const said = findLogLine(evidence.text('capture/dmesg') ?? '', ...REFUSAL);
  const reasons = [
    ...(said === undefined ? [] : [`its log: ${said}`]),
    ...(isDisturbed(value, memory) ? ['its ELF headers changed between load and jump'] : []),
  ];
  return reasons.join('; ') || 'it was given elfcorehdr=, and its log does not tell why';
}

/** Whether the page of the ELF headers changed between the load and the jump (`setup_elfcorehdr()`: `[size@]offset`). */
function isDisturbed(elfcorehdr: string, memory: MemoryTruth | null): boolean {
  const place = findSize(elfcorehdr.split('@').at(-1) ?? '');
  const page = place && Math.floor(place.bytes / PAGE_SIZE);
  return memory?.disturbed?.first.some((one) => one === page) ?? false;
}
