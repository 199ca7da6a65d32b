// SPDX-License-Identifier: MIT
import { hex } from '../memory/pfn.ts';
import { printableText } from '../memory/printable-text.ts';
import { type VmcoreinfoSearch, renderSearched } from '../vmcore/kernel/find-vmcoreinfo.ts';

/** A search for VMCOREINFO, for programs. */
interface SearchValue extends Pick<VmcoreinfoSearch, 'ambiguous' | 'searchedBytes' | 'cutOff'> {
  /** Addresses of the text that was taken. */
  readonly places: readonly string[];
  /** The kernels that were not, and how many CPUs were on each. */
  readonly others: readonly { readonly release: string | null; readonly cpus: number }[];
}

/** A search as JSON has it. */
export function searchValue(search: VmcoreinfoSearch): SearchValue {
  const { kernels, ambiguous, searchedBytes, cutOff } = search;
  const [best, ...others] = kernels;
  return {
    searchedBytes,
    cutOff,
    places: best?.places.map(hex) ?? [],
    ambiguous,
    others: others.map(({ vmcoreinfo, cpus }) => ({ release: vmcoreinfo.release ?? null, cpus })),
  };
}

/** One line on where VMCOREINFO is from, how sure that is, and how to get it without a search. */
export function renderSearch(search: VmcoreinfoSearch): string {
  const [best, ...others] = search.kernels;
  const also = others.map(
    (kernel) => `${releaseOf(kernel)} with ${kernel.cpus || 'no'} CPU${kernel.cpus > 1 ? 's' : ''}`,
  );
  const clauses = [
    `The dump has no VMCOREINFO: that of ${releaseOf(best)} was found in ${renderSearched(search)}`,
    ...(also.length === 0
      ? []
      : [`there is also that of ${also.join(', ')} on it${doubtOf(search)}`]),
    'a machine of QEMU tells it with "-device vmcoreinfo"',
  ];
  return printableText(clauses.join('; '));
}

function releaseOf(kernel: VmcoreinfoSearch['kernels'][number] | undefined): string {
  return kernel?.vmcoreinfo.release ?? 'no release';
}

function doubtOf({ ambiguous, kernels: [best] }: VmcoreinfoSearch): string {
  if (!ambiguous) return '';
  return best?.cpus ? ', and as many were on each' : ', and nothing tells which of them ran';
}
