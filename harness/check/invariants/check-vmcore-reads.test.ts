// SPDX-License-Identifier: MIT
import { describe } from 'vitest';
import { elfHeaders } from '../../vmcore/testing/elf-builder.ts';
import { type BundleSpec, ended } from '../testing/bundle-builder.ts';
import { itFinds } from '../testing/invariant-cases.ts';

const id = 'kdump.vmcore-reads';
const EVIDENCE = 'capture/vmcore-reads';

/** A cell in which reads gave that, of a vmcore with one segment at 0x2000 of the file. */
function reads(lines: readonly string[] | null, spec: BundleSpec['spec'] = {}): BundleSpec {
  const header = elfHeaders([
    { type: 4 },
    { paddr: 0x10_0000, offset: 0x2000, fileBytes: 0x10_0000, memoryBytes: 0x10_0000 },
  ]);
  const text = lines && ['vmcore-reads 1', 'seed 7', ...lines, ''].join('\n');
  return {
    spec: { crashkernel: '256M', ...spec },
    files: { 'capture/vmcore-header': header, [EVIDENCE]: text },
  };
}

const SOUND = ['pages 1000', 'try edges 18 0', 'try sizes 48 0'];

describe('how the vmcore reads', () => {
  itFinds([
    {
      id,
      when: 'all reads agree',
      bundle: reads([...SOUND, 'try pages 640 0', 'done']),
      outcome: 'kept',
      why: 'read(), pread() and mmap() agree on 640 of 1000 pages, and in 66 other reads (seed 7)',
      evidence: EVIDENCE,
    },
    {
      id,
      when: 'all pages were compared',
      bundle: reads([...SOUND, 'try pages 1000 0', 'done'], { vmcore: 'both' }),
      outcome: 'kept',
      why: 'read(), pread() and mmap() agree on all 1000 pages, and in 66 other reads (seed 7)',
    },
    {
      id,
      when: 'a page reads as zeroes',
      bundle: reads([
        'pages 1000',
        'try edges 18 1',
        'bytes 0x2000 4096 0x2010 0xff00000000000001 0x0',
        'try pages 640 1',
        'bytes 0x3000 4096 0x3000 0x1 0x0',
        'done',
      ]),
      outcome: 'broken',
      why: 'A read of 4096 bytes at 0x2000 has 0000000000000000 at 0x2010, where mmap() has ff00000000000001; wrong are 1 of 18 edges, 1 of 640 pages, in page 0x100-0x101 (seed 7)',
      evidence: EVIDENCE,
    },
    {
      id,
      when: 'a read gives an error',
      bundle: reads([
        'pages 1000',
        'try end 20 1',
        'result 0xffffff 13 0 -14',
        'try pages 640 0',
        'done',
      ]),
      outcome: 'broken',
      why: 'A read of 13 bytes at 0xffffff gives -14 where it must give 0; wrong are 1 of 20 end (seed 7)',
    },
    {
      id,
      when: 'the kernel kills the reader',
      bundle: reads(['ended 139']),
      outcome: 'broken',
      why: 'Signal 11 ended the program that reads the vmcore (seed 7)',
    },
    {
      id,
      when: 'the kernel does not map the vmcore',
      bundle: reads(['pages 1000', 'unmapped 11', 'try edges 18 0', 'done']),
      outcome: 'unseen',
      why: 'The capture kernel refuses to map the vmcore (errno 11)',
    },
    {
      id,
      when: 'no page was compared',
      bundle: reads([...SOUND, 'done']),
      outcome: 'unseen',
      why: 'Only 0 of 1000 pages of the vmcore were compared',
    },
    {
      id,
      when: 'every page was to be compared, and some were not',
      bundle: reads([...SOUND, 'try pages 640 0', 'done'], { vmcore: 'both' }),
      outcome: 'unseen',
      why: 'Only 640 of 1000 pages of the vmcore were compared',
    },
    {
      id,
      when: 'what the guest says of it is cut',
      bundle: reads(['pages 1000', 'try edges 18 0']),
      outcome: 'unseen',
      why: `${EVIDENCE}: Cannot read what read-vmcore wrote: expected "done" last`,
    },
    {
      id,
      when: 'the capture kernel did not come up',
      bundle: { ...reads(null), outcome: ended('capture') },
      outcome: 'unseen',
      why: 'The machine ended in phase capture (guest-reset)',
    },
    {
      id,
      when: 'the machine ended as the vmcore was dumped',
      bundle: { ...reads(null), outcome: ended('dump') },
      outcome: 'unseen',
      why: 'The cell ended before the vmcore was read in every way',
    },
    {
      id,
      when: 'the bundle is older than the file',
      bundle: reads(null),
      outcome: 'not-asked',
      why: `The cell is from before there was ${EVIDENCE}`,
    },
    {
      id,
      when: 'the cell keeps no vmcore',
      bundle: reads(null, { vmcore: 'none' }),
      outcome: 'not-asked',
      why: 'The cell keeps no vmcore',
    },
  ]);
});
