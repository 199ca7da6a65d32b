// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physAddr } from '../memory/pfn.ts';
import { parseVmcoreinfo } from '../vmcore/dump/vmcoreinfo.ts';
import type { VmcoreinfoSearch } from '../vmcore/kernel/find-vmcoreinfo.ts';
import { renderSearch, searchValue } from './inspect-search.ts';

/** A search that found kernels of these releases, with so many CPUs on each. */
function found(
  ...kernels: readonly (readonly [release: string, cpus: number])[]
): VmcoreinfoSearch {
  const [first, second] = kernels;
  return {
    kernels: kernels.map(([release, cpus]) => ({
      vmcoreinfo: parseVmcoreinfo(Buffer.from(`OSRELEASE=${release}`)),
      physBase: 0,
      places: [physAddr(0x1000)],
      cpus,
      agrees: true,
    })),
    ambiguous: second !== undefined && first?.[1] === second[1],
    texts: 1,
    searchedBytes: 2 ** 30,
    cutOff: false,
  };
}

const FOUND = 'The dump has no VMCOREINFO: that of 6.12 was found in 1024 MiB of memory; ';
const ADVICE = 'a machine of QEMU tells it with "-device vmcoreinfo"';

describe('renderSearch()', () => {
  it.each([
    { search: found(['6.12', 2]), says: '' },
    {
      search: found(['6.12', 2], ['6.1', 0]),
      says: 'there is also that of 6.1 with no CPU on it; ',
    },
    {
      search: found(['6.12', 2], ['6.1', 1], ['5.10', 0]),
      says: 'there is also that of 6.1 with 1 CPU, 5.10 with no CPU on it; ',
    },
    {
      search: found(['6.12', 0], ['6.1', 0]),
      says: 'there is also that of 6.1 with no CPU on it, and nothing tells which of them ran; ',
    },
    {
      search: found(['6.12', 2], ['6.1', 2]),
      says: 'there is also that of 6.1 with 2 CPUs on it, and as many were on each; ',
    },
  ])('says "$says"', ({ search, says }) => {
    expect(renderSearch(search)).toBe(`${FOUND}${says}${ADVICE}`);
  });

  it('says that not all memory was searched, and shows no escape of a dump', () => {
    const search = { ...found(['6.12\u001b[31m', 1]), cutOff: true };
    expect(renderSearch(search)).toContain(
      'that of 6.12 was found in the first 1024 MiB of memory',
    );
  });
});

describe('searchValue()', () => {
  it('has the kernels that were not taken', () => {
    expect(searchValue(found(['6.12', 2], ['6.1', 0]))).toEqual({
      searchedBytes: 2 ** 30,
      cutOff: false,
      places: ['0x1000'],
      ambiguous: false,
      others: [{ release: '6.1', cpus: 0 }],
    });
  });
});
