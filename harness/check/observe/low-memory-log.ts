// SPDX-License-Identifier: MIT
import { SZ_1M } from '../../memory/pfn.ts';
import { printableText } from '../../memory/printable-text.ts';
import { LOG_LIMITS, linesOf } from '../../memory/text-lines.ts';

/** No kernel prints as many lines about low memory; a hostile guest may. */
const COUNT_LIMIT = 1000;

/** An address as the kernel prints it: either end of a range, or with leading zeroes (`%#010llx`). */
const ADDRESS =
  /(?<=\[(?:mem )?)0x[0-9a-f]+(?=-0x)|(?<=\[(?:mem )?0x[0-9a-f]+-)0x[0-9a-f]+|\b0x[0-9a-f]{8,16}\b/gi;

/** Words that name a claimant or a user of low memory. */
const LOW_WORDS =
  /\blow[ _-]?(?:1M|mem(?:ory)?|pool)\b|\b(?:below|first|sub|under)[ -]1 ?Mi?B?\b|trampoline(?! variant of Tasks RCU)|real[ _-]?mode|crash ?kernel/i;

/** Complaints of the kernel: memory with two users shows up here, too. */
const COMPLAINT = /^(?:WARNING:|BUG:|Oops:|kernel BUG at|general protection fault)/;

/** What differs from boot to boot, or with any change of the source. */
const NOISE: readonly (readonly [RegExp, string])[] = [
  // The time stamp, and the caller that printk may set behind it.
  [/^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?/, ''],
  // Kernel virtual addresses, and pointers that printk hashes.
  [/\b(?:0x)?ffff[0-9a-f]{12}\b|\b0{8}[0-9a-f]{8}\b/g, '…'],
  [/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, ''],
  [/(\.[chS]):\d+/g, '$1:…'],
  [/\b(CPU|PID): \d+/g, '$1: …'],
  // Where crashkernel lies depends on where KASLR puts the kernel.
  [/ at \d+ ?MB\b/g, ' at …'],
];

/**
 * What a kernel's log says of memory below 1 MiB, and its complaints, each line once, without what differs
 * from boot to boot. Addresses below 1 MiB are kept letter for letter; `…` stands for those above, which KASLR moves.
 */
export function lowMemoryLines(log: string): string[] {
  const lines = new Set<string>();
  for (const line of linesOf(log, LOG_LIMITS)) {
    if (lines.size === COUNT_LIMIT) break;
    const steady = steadyLine(printableText(line));
    if (steady !== null) lines.add(steady);
  }
  return [...lines];
}

/** The line without noise, or null if it is not of low memory. */
function steadyLine(line: string): string | null {
  const quiet = NOISE.reduce((text, [noise, rest]) => text.replace(noise, rest), line);
  let isLow = LOW_WORDS.test(quiet) || COMPLAINT.test(quiet);
  const steady = quiet.replaceAll(ADDRESS, (address) => {
    if (Number(address) >= SZ_1M) return '…';
    isLow = true;
    return address;
  });
  return isLow ? steady : null;
}
