// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { PolicyId } from '../policy-id.ts';
import {
  type CorpusResult,
  lowMemoryUse,
  renderCorpusDocument,
  renderCorpusReport,
} from './corpus-report.ts';
import { parseDocument } from './testing/documents.ts';
import {
  FULL_LAYOUT,
  THREAD_LAYOUT,
  layoutOf,
  predictions,
} from './testing/model-result-builder.ts';

const POLICIES: readonly PolicyId[] = ['lock-on-crashkernel', 'reserve-1m', 'two-phase'];
const NOTHING = layoutOf('nothing', [['0x0', '0x9ffff', 'Reserved']]);

function corpus(cmdline: string): CorpusResult {
  const crashkernel = cmdline.includes('crashkernel=');
  const machines = [THREAD_LAYOUT, FULL_LAYOUT, NOTHING].map((layout) => ({
    id: layout.id,
    synthetic: layout.synthetic,
    efiMap: layout.maps.efiMap && JSON.stringify(layout.ranges),
    uses: predictions(layout, cmdline, POLICIES).map((found) => lowMemoryUse(found, crashkernel)),
  }));
  return { cmdline, crashkernel, machines, assumed: ['Assumed: much'] };
}

it('shows what each policy frees and wastes, and where a trampoline finds no place', () => {
  const report = renderCorpusReport(corpus(''), { colour: false, width: 100 });
  expect(report).toMatchInlineSnapshot(`
    "KiB below 1 MiB, with nothing on the command line
    (give --crashkernel 192M to see what is locked for it)

    layout   policy               freed  locked  wasted  trampoline
    thread   lock-on-crashkernel    544       0       0  0x98000
    thread   reserve-1m               0       0     544  0x98000
    thread   two-phase              544       0       0  0x98000
    full     lock-on-crashkernel    572       0       0  0x9000
    full     reserve-1m               0       0     544  0x10000
    full     two-phase              544       0       0  0x98000
    nothing  lock-on-crashkernel      0       0       0  NONE
    nothing  reserve-1m               0       0       0  NONE
    nothing  two-phase                0       0       0  NONE

    lock-on-crashkernel  of 3 layouts: 1116 freed, 0 locked, 0 wasted; no trampoline in 1
    reserve-1m           of 3 layouts: 0 freed, 0 locked, 1088 wasted; no trampoline in 1
    two-phase            of 3 layouts: 1088 freed, 0 locked, 0 wasted; no trampoline in 1
    lock-on-crashkernel  frees some on 2 of the 3 EFI maps of real machines that differ
    reserve-1m           frees some on 0 of the 3 EFI maps of real machines that differ
    two-phase            frees some on 2 of the 3 EFI maps of real machines that differ

    Assumed: much
    Assumed: where only an e820 map is known, boot services are RAM like any other
    "
  `);
});

it('shows what is locked, and what is freed all the same, with crashkernel', () => {
  const report = renderCorpusReport(corpus('crashkernel=128M'), { colour: false, width: 100 });
  expect(report).toMatchInlineSnapshot(`
    "KiB below 1 MiB, with "crashkernel=128M" on the command line

    layout   policy               freed  locked  wasted  trampoline
    thread   lock-on-crashkernel    192     412       0  0x98000
    thread   reserve-1m               0     544       0  0x98000
    thread   two-phase                0     544       0  0x98000
    full     lock-on-crashkernel    572      32       0  0x9000
    full     reserve-1m               0     544       0  0x10000
    full     two-phase                0     544       0  0x98000
    nothing  lock-on-crashkernel      0       0       0  NONE
    nothing  reserve-1m               0       0       0  NONE
    nothing  two-phase                0       0       0  NONE

    lock-on-crashkernel  of 3 layouts: 764 freed, 444 locked, 0 wasted; no trampoline in 1
    reserve-1m           of 3 layouts: 0 freed, 1088 locked, 0 wasted; no trampoline in 1
    two-phase            of 3 layouts: 0 freed, 1088 locked, 0 wasted; no trampoline in 1
    lock-on-crashkernel  frees some on 2 of the 3 EFI maps of real machines that differ
    reserve-1m           frees some on 0 of the 3 EFI maps of real machines that differ
    two-phase            frees some on 0 of the 3 EFI maps of real machines that differ

    Assumed: much
    Assumed: where only an e820 map is known, boot services are RAM like any other
    "
  `);
});

it('gives the same as JSON', () => {
  expect(parseDocument('corpus', renderCorpusDocument(corpus('crashkernel=128M')))).toMatchObject({
    schema: 1,
    cmdline: 'crashkernel=128M',
    layouts: [
      {
        id: 'thread',
        synthetic: false,
        policies: {
          'lock-on-crashkernel': {
            freedKiB: 192,
            wastedKiB: 0,
            trampoline: '0x98000',
            panic: null,
          },
          'two-phase': { freedKiB: 0, wastedKiB: 0 },
        },
      },
      { id: 'full' },
      {
        id: 'nothing',
        policies: { 'two-phase': { freedKiB: 0, lockedKiB: 0, trampoline: null } },
      },
    ],
  });
});
