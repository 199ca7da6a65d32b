// SPDX-License-Identifier: MIT
import { hex } from '../memory/pfn.ts';
import { printableText } from '../memory/printable-text.ts';
import { type VmcoreinfoSearch, renderSearched } from '../vmcore/kernel/find-vmcoreinfo.ts';

/** A search for VMCOREINFO as JSON has it. */
export function searchValue({ kernels, ambiguous, searchedBytes, cutOff }: VmcoreinfoSearch) {
  const [best, ...others] = kernels;
  return {
    searchedBytes,
    cutOff,
    places: best?.places.map(hex) ?? [],
    ambiguous,
    others: others.map(({ vmcoreinfo }) => vmcoreinfo.release ?? null),
  };
}

/** One line on where VMCOREINFO is from, how sure that is, and how to get it without a search. */
export function renderSearch(search: VmcoreinfoSearch): string {
  const { kernels, ambiguous } = search;
  const [best, ...others] = kernels.map(({ vmcoreinfo }) => vmcoreinfo.release ?? 'no release');
  const doubt = ambiguous ? 'nothing tells which of them ran' : 'on which no CPU was';
  const also = others.length === 0 ? '' : `; there is also that of ${others.join(', ')}, ${doubt}`;
  return printableText(
    `The dump has no VMCOREINFO: that of ${best} was found in ${renderSearched(search)}${also}; ` +
      'a machine of QEMU tells it with "-device vmcoreinfo"',
  );
}
