// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { efiMapBytes } from '../../memory/testing/efi-memory-map-builder.ts';
import {
  type BundleSpec,
  buildBundle,
  buildEvidence,
  ended,
  overran,
} from '../testing/bundle-builder.ts';
import { judgeBundle } from '../judge-bundle.ts';
import { THREAD_2021, reportText } from '../testing/personality-cases.ts';
import { findMisfit } from './personality-fit.ts';

const HOLE = 4294967295;
const MISFIT = 'OVMF did not get the layout thread-2021 in full: ';
const HINT = '; --layout-best-effort judges such a cell';
const CANNOT = 'Cannot tell whether OVMF has the layout thread-2021: ';

/** The layout of 2021 as the kernel's stub keeps it. */
const KERNELS_MAP = efiMapBytes([
  { type: 7, start: 0n, pages: 0x10n },
  { type: 4, start: 0x10000n, pages: 4n },
  { type: 7, start: 0x14000n, pages: 0x4fn },
  { type: 4, start: 0x63000n, pages: 0x2cn },
  { type: 7, start: 0x8f000n, pages: 0x11n },
  { type: 7, start: 0x10_0000n, pages: 0n },
]);

/** A cell with the layout of 2021, and what its driver reported; null for no report. */
function cellWith(report: string | Uint8Array | null, rest: BundleSpec = {}): BundleSpec {
  return {
    ...rest,
    spec: { layout: 'thread-2021', ...rest.spec },
    files: {
      'personality.log': report,
      'system/efi-memory-map.bin': KERNELS_MAP,
      ...rest.files,
    },
  };
}

/** The map at `ExitBootServices`, where some ranges of the layout came out otherwise. */
function cameOut(others: Readonly<Record<string, readonly string[]>>): string {
  return reportText({ exit: THREAD_2021.flatMap((line) => others[line] ?? [line]) });
}

const noKernelsMap = { files: { 'system/efi-memory-map.bin': null } };

describe('a layout', () => {
  it.each<{ when: string; bundle: BundleSpec }>([
    { when: 'OVMF got it in full', bundle: cellWith(reportText()) },
    {
      when: 'OVMF got it in full, holes and what is no RAM too',
      bundle: cellWith(
        reportText({
          asked: [
            '0x0-0x8ffff 7',
            '0x90000-0x93fff 3',
            '0x94000-0x97fff 3',
            `0x98000-0x9ffff ${HOLE}`,
            `0xc0000-0xcffff ${HOLE}`,
            '0xf0000-0xfffff 0',
          ],
        }),
        noKernelsMap,
      ),
    },
    {
      when: 'the kernel came up and nobody asked which map it was given',
      bundle: cellWith(reportText(), noKernelsMap),
    },
    {
      when: 'the cell is content with less',
      bundle: cellWith(reportText({ lines: ['error no'], last: null }), {
        spec: { layoutBestEffort: true },
      }),
    },
    { when: 'the cell is stock', bundle: { files: { 'personality.log': 'error no' } } },
    {
      when: 'the kernel was not heard, and the report ends early',
      bundle: cellWith(reportText({ last: null }), {
        outcome: overran('firmware', 60_000),
        files: { 'console.log': 'UEFI' },
      }),
    },
    {
      when: 'the kernel was not heard, and there is no report',
      bundle: cellWith(null, {
        outcome: overran('firmware', 60_000),
        files: { 'console.log': 'UEFI' },
      }),
    },
    {
      when: 'the host failed',
      bundle: cellWith(null, {
        outcome: { kind: 'infra', phase: null, code: 'E_PACKAGE', message: 'No such kernel' },
      }),
    },
  ])('is no reason against judging when $when', ({ bundle }) => {
    expect(findMisfit(buildEvidence(bundle))).toBeNull();
  });

  it.each<{ fault: string; report: string; misfit: string }>([
    {
      fault: 'a page of another type',
      report: cameOut({
        '0x63000-0x8efff 4': ['0x63000-0x86fff 4', '0x87000-0x87fff 6', '0x88000-0x8efff 4'],
      }),
      misfit: '0x63000-0x8efff BootServicesData: 0x87000-0x87fff is RuntimeServicesData',
    },
    {
      fault: 'a range that reaches into its neighbour',
      report: cameOut({
        '0x10000-0x13fff 4': ['0x10000-0x14fff 4'],
        '0x14000-0x62fff 7': ['0x15000-0x62fff 7'],
      }),
      misfit:
        '0x10000-0x13fff BootServicesData: the map has it as 0x10000-0x14fff; 0x14000-0x62fff Conventional: 0x14000-0x14fff is BootServicesData',
    },
    {
      fault: 'pages that are missing, and a type that nobody knows',
      report: cameOut({ '0x14000-0x62fff 7': ['0x20000-0x5ffff 7', '0x60000-0x61fff 77'] }),
      misfit:
        '0x14000-0x62fff Conventional: 0x14000-0x1ffff is a hole, 0x60000-0x61fff is of type 77, 0x62000-0x62fff is a hole',
    },
    {
      fault: 'a range in two entries',
      report: cameOut({ '0x10000-0x13fff 4': ['0x12000-0x13fff 4', '0x10000-0x11fff 4'] }),
      misfit:
        '0x10000-0x13fff BootServicesData: the map has it as 0x12000-0x13fff, 0x10000-0x11fff',
    },
    {
      fault: 'two ranges in one entry',
      report: reportText({
        asked: ['0x0-0x8ffff 7', '0x90000-0x93fff 3', '0x94000-0x9ffff 3'],
        exit: ['0x0-0x8ffff 7', '0x90000-0x9ffff 3'],
      }),
      misfit:
        '0x90000-0x93fff BootServicesCode: the map has it as 0x90000-0x9ffff; 0x94000-0x9ffff BootServicesCode: the map has it as 0x90000-0x9ffff',
    },
    {
      fault: 'memory in a hole',
      report: reportText({
        asked: ['0x0-0x8ffff 7', `0x90000-0x9ffff ${HOLE}`],
        exit: ['0x0-0x8ffff 7', '0x98000-0x98fff 0'],
      }),
      misfit: '0x90000-0x9ffff a hole: 0x98000-0x98fff is Reserved',
    },
    {
      fault: 'memory that was not asked for',
      report: reportText({ exit: [...THREAD_2021, '0xf0000-0xfffff 0'] }),
      misfit: '0xf0000-0xfffff a hole: it is Reserved',
    },
    {
      fault: 'an entry that goes on above 1 MiB',
      report: reportText({
        asked: [...THREAD_2021, '0xf0000-0xfffff 0'],
        exit: [...THREAD_2021, '0xf0000-0x100fff 0'],
      }),
      misfit: '0xf0000-0xfffff Reserved: the map has it as 0xf0000-0x100fff',
    },
    {
      fault: 'an error of the driver',
      report: reportText({ lines: ['error esrt: no \u001b[31mmemory found 0x0'] }),
      misfit: 'its driver said: esrt: no memory found 0x0',
    },
    {
      fault: 'islands that it did not get',
      report: reportText({ lines: ['islands 150 150', 'islands 149 150'] }),
      misfit: '149 of 150 islands were to be had',
    },
    {
      fault: 'more than a reader can take in',
      report: reportText({ lines: Array.from({ length: 12 }, (_, index) => `error ${index}`) }),
      misfit: `${Array.from({ length: 10 }, (_, index) => `its driver said: ${index}`).join('; ')}; 2 more`,
    },
    {
      fault: 'a report that does not say what was asked for',
      report: reportText({ asked: ['0x0-0x9efff 7'] }),
      misfit: 'personality.log does not say what was asked for',
    },
  ])('is not had in full with $fault', ({ report, misfit }) => {
    expect(findMisfit(buildEvidence(cellWith(report, noKernelsMap)))).toBe(MISFIT + misfit + HINT);
  });

  it('is not had when the kernel was given another map than OVMF reported', () => {
    const map = efiMapBytes([{ type: 7, start: 0n, pages: 0xa0n }]);
    const bundle = cellWith(reportText(), { files: { 'system/efi-memory-map.bin': map } });
    expect(findMisfit(buildEvidence(bundle))).toContain(
      `${MISFIT}unlike what the kernel was given: 0x0-0xffff Conventional: the map has it as 0x0-0x9ffff; unlike what the kernel was given: 0x10000-0x13fff BootServicesData: 0x10000-0x13fff is Conventional; `,
    );
  });

  it.each<{ when: string; bundle: BundleSpec; misfit: string }>([
    {
      when: 'there is no report',
      bundle: cellWith(null),
      misfit: 'The cell left no personality.log',
    },
    {
      when: 'there is no report, though the cell is content with less',
      bundle: cellWith(null, { spec: { layoutBestEffort: true } }),
      misfit: 'The cell left no personality.log',
    },
    {
      when: 'the driver did not speak',
      bundle: cellWith('', { spec: { layoutBestEffort: true } }),
      misfit:
        'personality.log: Cannot read personality.log: expected "sub1m-personality 1" in line 1',
    },
    {
      when: 'the report is cut',
      bundle: cellWith(reportText({ last: null })),
      misfit: 'personality.log has no last line, "done"',
    },
    {
      when: 'the report is cut, and the kernel ended the machine with its first lines',
      bundle: cellWith(reportText({ last: null }), { outcome: ended('firmware') }),
      misfit: 'personality.log has no last line, "done"',
    },
  ])('may or may not be had when $when', ({ bundle, misfit }) => {
    expect(findMisfit(buildEvidence(bundle))).toBe(CANNOT + misfit);
  });

  it.each<{ what: string; rest: BundleSpec }>([
    { what: 'a match', rest: {} },
    { what: 'a boot failure', rest: { outcome: ended('boot') } },
    {
      what: 'a boot failure before the kernel spoke',
      rest: { outcome: ended('firmware'), files: { 'console.log': 'UEFI' } },
    },
  ])('that OVMF did not get leaves the cell unjudged that would be $what', ({ rest }) => {
    const report = reportText({ lines: ['error no'] });
    const { verdict } = judgeBundle(buildBundle(cellWith(report, rest)), undefined);
    const why = `${MISFIT}its driver said: no${HINT}`;
    expect(verdict).toEqual({ kind: 'unjudged', code: 'E_PERSONALITY', why });
  });
});
