// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { generateCase } from '../fuzz/generate-case.ts';
import type { Finding } from '../fuzz/journal.ts';
import { type FuzzReport, renderFuzzDocument, renderFuzzReport } from './fuzz-report.ts';
import { parseDocument } from './testing/documents.ts';

const FINDING: Finding = {
  kind: 'finding',
  class: 'lowmem.locked: efi_free_boot_services',
  kernel: 'debian:5.10',
  policy: 'auto',
  case: { ...generateCase(1, 3), append: ['efi=debug', 'nokaslr'], crashkernel: '256M', cpus: 1 },
  why: 'lowmem.locked: 48 pages\u001b[2J\nmore',
  predicted: 'boots',
  seed: 1,
  nr: 3,
  state: 'minimal',
  boots: 1,
  others: [{ kernel: 'debian:6.12', outcome: 'match' }],
};
const REPORT: FuzzReport = {
  kernels: ['debian:5.10', 'debian:6.12'],
  seed: 1,
  seconds: 120,
  cases: 30,
  earlier: 5,
  machines: 70,
  judged: 57,
  features: 150,
  unjudged: new Map([['No layout: 0x1000 is taken\nmore', 3]]),
  findings: [FINDING],
  gone: [{ ...FINDING, class: 'boot.userspace' }],
  folder: '/corpus',
  fileOf: () => '/corpus/a.json',
  code: [],
};

it('says what was found, what shows it, and how far it came', () => {
  expect(renderFuzzReport(REPORT)).toBe(`debian:5.10: lowmem.locked: efi_free_boot_services
  seen: lowmem.locked: 48 pages
  the model, before it ran: boots
  seed 1, case 3; nothing smaller next to it shows it
  the same machine with debian:6.12: match
  sub1m check debian:5.10 --crashkernel 256M --layout /corpus/a.json --trigger none --append 'efi=debug nokaslr' --vmcore none --truth none

debian:5.10 no longer shows: boot.userspace
unjudged, 3 times: No layout: 0x1000 is taken
the model did 150 different things in these cases
30 cases of seed 1 in 120 s, 5 in earlier runs; 15 a minute, 70 machines
57 judged, 3 unjudged; findings: 1, in /corpus
`);
});

it('says what kernels that count took of their own code, and where most is left', () => {
  const missed = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, branches: 2, lines: [7] }));
  const files = [
    { file: 'mm/memblock.c', branches: 20, taken: 10, missed },
    { file: 'arch/x86/kernel/e820.c', branches: 4, taken: 4, missed: [] },
  ];
  const report = { ...REPORT, code: [{ kernel: 'recipe:mine', files }] };
  expect(renderFuzzReport(report)).toContain(`recipe:mine, branches of its own code that were taken:
  mm/memblock.c: 10 of 20; never: a() 2, b() 2, c() 2, d() 2, …
  arch/x86/kernel/e820.c: 4 of 4
`);
  expect(parseDocument('fuzz', renderFuzzDocument(report))).toMatchObject({ code: report.code });
});

it.each([
  { state: 'once', boots: 5, says: 'seen once\n  not in every boot: 5 more did not show it' },
  { state: 'smaller', boots: 3, says: 'again\n  not in every boot: 3 more until it showed again' },
] as const)('says that only some boots show a finding: $state', ({ state, boots, says }) => {
  const findings = [{ ...FINDING, state, boots }];
  expect(renderFuzzReport({ ...REPORT, findings })).toContain(says);
});

it('gives programs the same', () => {
  expect(parseDocument('fuzz', renderFuzzDocument(REPORT))).toMatchObject({
    schema: 1,
    fuzz: { seed: 1, cases: 30, earlier: 5, machines: 70, judged: 57 },
    casesPerMinute: 15,
    features: 150,
    unjudged: [{ count: 3 }],
    findings: [{ class: FINDING.class, case: FINDING.case, layout: '/corpus/a.json' }],
    gone: [{ class: 'boot.userspace' }],
  });
  expect(renderFuzzDocument(REPORT)).toContain('sub1m check debian:5.10 --crashkernel 256M');
});

it('has no rate before there is a case', () => {
  const none = { ...REPORT, cases: 0, seconds: 0, earlier: 0, findings: [], gone: [] };
  expect(renderFuzzReport(none)).toContain('0 cases of seed 1 in 0 s; 0 a minute');
});
