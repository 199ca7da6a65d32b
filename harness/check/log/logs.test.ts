// SPDX-License-Identifier: MIT
/** What each log of `layout/testdata/logs/` must give. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { layoutFromMaps } from '../../layout/layout.ts';
import { parseLog } from '../../layout/log/read-log.ts';
import { hex } from '../../memory/pfn.ts';
import { fromInclusive } from '../../memory/phys-range.ts';
import { pagesOf } from '../../model/testing/machine-builder.ts';
import { predict } from '../../model/prediction.ts';
import type { PolicyId } from '../../policy-id.ts';
import { type LogMachine, type ToldInputs, machineOf } from './log-machine.ts';
import { NOTHING_TOLD } from './testing/told-inputs.ts';

const FOLDER = new URL('../../layout/testdata/logs/', import.meta.url);

function machine(file: string, told: Partial<ToldInputs> = {}, boot?: number): LogMachine {
  const log = parseLog(readFileSync(new URL(file, FOLDER), 'utf8'), boot);
  const layout = layoutFromMaps(log.maps, { id: file, source: file, log });
  return machineOf(layout, { ...NOTHING_TOLD, trampolineSize: 0x6000, ...told });
}

interface Row {
  readonly file: string;
  /** Descriptors of the EFI map; null without one. */
  readonly efi: number | null;
  readonly trampoline: string;
  readonly told?: Partial<ToldInputs>;
  readonly boot?: number;
  /** What is told or assumed beside the answer. */
  readonly says?: string;
}

const READ: readonly Row[] = [
  { file: 'f01-quoted-printable-mail.txt', efi: null, trampoline: '0x99000' },
  { file: 'f02-e820-text-after-type.txt', efi: null, trampoline: '0x98000' },
  { file: 'f02b-e820-html.txt', efi: null, trampoline: '0x99000' },
  { file: 'f03-efi-map-of-2.6-to-3.18.txt', efi: 4, trampoline: '0x99000' },
  { file: 'f03b-efi-map-of-3.2-upper-case.txt', efi: 7, trampoline: '0x99000' },
  { file: 'f04-every-line-twice.txt', efi: 5, trampoline: '0x99000' },
  { file: 'f06-wrapped-at-80.txt', efi: 5, trampoline: '0x99000' },
  {
    file: 'f07-two-boots-two-maps.txt',
    efi: null,
    trampoline: '0x98000',
    says: 'Boot 2 of 2 in the log',
  },
  {
    file: 'f07-two-boots-two-maps.txt',
    boot: 1,
    efi: null,
    trampoline: '0x99000',
    says: 'Boot 1 of 2 in the log',
  },
  {
    file: 'f09-empty-descriptor-3.19-to-4.4.txt',
    efi: 1,
    trampoline: '0x99000',
    says: '1 of the 2 descriptors of the EFI map are empty',
  },
  { file: 'f10-e820-of-2.6-to-3.5.txt', efi: null, trampoline: '0x99000' },
  {
    file: 'f10-e820-of-2.6-to-3.5.txt',
    told: { trampolineSize: null },
    efi: null,
    trampoline: '0x9b000',
    says: 'a trampoline of 0x4000 bytes',
  },
  { file: 'f11-bios-88.txt', efi: null, trampoline: '0x99000' },
  { file: 'f12-dmesg-colour.txt', efi: null, trampoline: '0x99000' },
  { file: 'f13-dmesg-json.json.txt', efi: null, trampoline: '0x99000' },
  { file: 'f13b-journalctl-json.txt', efi: null, trampoline: '0x99000' },
  { file: 'f14-sandy-bridge.txt', efi: null, trampoline: '0x97000', says: 'Sandy Bridge graphics' },
  { file: 'f15-xen-efi-map.txt', efi: 4, trampoline: '0x98000', says: "The EFI map is Xen's" },
  {
    file: 'f17-esrt-e820-only-rog-x470.txt',
    efi: null,
    trampoline: '0x99000',
    says: 'a copy of the EFI map goes below 1 MiB; its size needs efi=debug',
  },
  {
    file: 'f17-esrt-e820-only-rog-x470.txt',
    told: { reserved: [fromInclusive(0x9c000, 0x9efff)] },
    efi: null,
    trampoline: '0x96000',
  },
  {
    file: 'f18-bios-data-area-de3815.txt',
    efi: 11,
    trampoline: '0x99000',
    says: "the BIOS's own memory begins at 0x9f000",
  },
  {
    file: 'f18-bios-data-area-de3815.txt',
    told: { baseMemoryKiB: 564 },
    efi: 11,
    trampoline: '0x87000',
  },
  {
    file: 'f18-bios-data-area-de3815.txt',
    told: { ebda: 0x8d000 },
    efi: 11,
    trampoline: '0x87000',
  },
  {
    file: 'f19-grub-efi-map-low-x240.txt',
    efi: 44,
    trampoline: '0x63000',
    says: '7 of the 51 descriptors of the EFI map are empty',
  },
  {
    file: 'f19-grub-efi-map-low-x240.txt',
    told: { reserved: [fromInclusive(0x65000, 0x65fff)] },
    efi: 44,
    trampoline: '0x5f000',
  },
];

/** What is refused, and the words that say why. */
const REFUSED: readonly (readonly [file: string, says: string])[] = [
  [
    'f02c-e820-bad-range-dropped.txt',
    'its range is impossible: BIOS-e820: [mem 0x000000000009efff-0x0000000000000000] usable',
  ],
  ['f05-efi-map-cut-off.txt', 'this line is cut, or what it goes on with is lost: efi: mem02: ['],
  ['f08-e820-and-efi-map-contradict.txt', 'only the EFI map has RAM at 0x70000-0x9efff'],
  ['f16-xen-pv.txt', 'Xen PV: it has no trampoline, and there is nothing to predict'],
];

describe('a log as people have it', () => {
  it.each(READ)('is read: $file, $told', ({ file, told, boot, efi, trampoline, says }) => {
    const { inputs, told: shown, assumed } = machine(file, told, boot);
    const found = predict(inputs, 'backup-region').trampoline;
    expect(inputs.efiMap?.length ?? null).toBe(efi);
    expect(found && hex(found.start)).toBe(trampoline);
    const text = [...shown, ...assumed.map((one) => one.says)].join('\n');
    expect(text).toContain(says ?? '');
  });

  it.each(REFUSED)('is refused by its line: %s', (file, says) => {
    expect(() => machine(file)).toThrow(FormatError);
    expect(() => machine(file)).toThrow(says);
  });

  it('stands in one of the two tables', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
    const rows = [...READ.map(({ file }) => file), ...REFUSED.map(([file]) => file)];
    expect([...new Set(rows)].toSorted()).toEqual(files.toSorted());
  });
});

describe('boot services that a log shows', () => {
  it.each(['f03-efi-map-of-2.6-to-3.18.txt', 'f04-every-line-twice.txt', 'f06-wrapped-at-80.txt'])(
    'are freed by a kernel that locks low memory: %s',
    (file) => {
      const { inputs } = machine(file, { append: ['crashkernel=256M'] });
      expect(pagesOf(predict(inputs, 'lock-on-crashkernel')).free).toBe('0x5f-0x86');
    },
  );
});

it('takes Sandy Bridge graphics from the log: all is reserved', () => {
  const { inputs } = machine('f14-sandy-bridge.txt');
  expect(pagesOf(predict(inputs, 'backup-region')).free).toBeUndefined();
});

describe("the policy of a log's own kernel", () => {
  it.each<[file: string, policy: PolicyId | undefined]>([
    ['f14-sandy-bridge.txt', 'backup-region'],
    ['f07-two-boots-two-maps.txt', 'reserve-1m'],
    ['f01-quoted-printable-mail.txt', undefined],
  ])('is that of its release: %s, %s', (file, policy) => {
    expect(machine(file).policy?.id).toBe(policy);
  });
});
