// SPDX-License-Identifier: MIT
/** One log in all the shapes that people and programs give it: the same maps, or a refusal, but never another map. */
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import type { MachineMaps } from '../../memory/machine-maps.ts';
import { efiLines } from '../testing/dmesg-map-builder.ts';
import { e820FromEfiMap } from '../../memory/efi-memory-types.ts';
import { fromInclusive } from '../../memory/phys-range.ts';
import { parseLog } from './read-log.ts';

const EFI_MAP = (
  [
    [3, 0, 0xfff],
    [7, 0x1000, 0x5efff],
    [4, 0x5f000, 0x86fff],
    [7, 0x87000, 0x9efff],
    [6, 0x9f000, 0x9ffff],
    [2, 0x10_0000, 0x1ff_ffff],
    [7, 0x200_0000, 0x7fff_ffff],
  ] as const
).map(([type, first, last]) => ({ type, range: fromInclusive(first, last), attribute: 0xfn }));
const E820 = e820FromEfiMap(EFI_MAP);

const padded = (address: number): string => `0x${address.toString(16).padStart(16, '0')}`;
const LINES = [
  'Linux version 6.1.0 (user@host) (gcc) #1 SMP',
  'Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet',
  'BIOS-provided physical RAM map:',
  ...E820.map(
    ({ range, ram }) =>
      `BIOS-e820: [mem ${padded(range.start)}-${padded(range.end - 1)}] ${ram ? 'usable' : 'reserved'}`,
  ),
  'NX (Execute Disable) protection: active',
  'efi: EFI v2.70 by American Megatrends',
  'efi: ACPI=0xad58d000 ACPI 2.0=0xad58d000 MEMATTR=0xd7578018',
  ...efiLines(EFI_MAP).trimEnd().split('\n'),
  'DMI: Some Machine/Board, BIOS 1.0 01/01/2023',
];
const MAP_LINES = LINES.filter((line) => /^BIOS-e820: |^efi: mem/.test(line));
const STAMPED = LINES.map((line) => `[    0.000000] ${line}`);
const PLAIN = STAMPED.join('\n');

const mapLines = (change: (line: string) => string): string => STAMPED.map(change).join('\n');
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const hardWrapped = (width: number, before = (line: string): string => line): string =>
  mapLines((line) => before(line).replaceAll(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n'));
const softWrapped = (width: number, quote = ''): string =>
  mapLines((line) =>
    line.replaceAll(new RegExp(`(.{1,${width}})(?: |$)`, 'g'), `${quote}$1\n`).trimEnd(),
  );
const quotedPrintable = (text: string): string =>
  text
    .replaceAll('=', '=3D')
    .split('\n')
    .map((line) => line.replaceAll(/.{70}(?=.)/g, '$&=\n'))
    .join('\n');
const oldForm = (line: string): string =>
  line.replace(
    /\[mem 0x(\w+)-0x(\w+)\] (\w+)/,
    (...[, first = '', last = '', type = '']: readonly string[]) =>
      `${first} - ${(Number.parseInt(last, 16) + 1).toString(16).padStart(16, '0')} (${type})`,
  );

const SAME: readonly (readonly [what: string, text: string])[] = [
  ['as it is', PLAIN],
  ['with CRLF', PLAIN.replaceAll('\n', '\r\n')],
  ['with CR alone', PLAIN.replaceAll('\n', '\r')],
  ['with blanks that do not break', PLAIN.replaceAll(' ', '\u00a0')],
  ['with zero bytes', PLAIN.replaceAll('\n', '\0\n')],
  ['of printk with a caller', mapLines((line) => line.replace('] ', '][    T0] '))],
  ['of syslog', mapLines((line) => `Apr 28 07:55:19 host kernel: ${line}`)],
  ['of RFC 5424', mapLines((line) => `<6>1 2023-04-28T07:55:19.1+02:00 host kernel - - - ${line}`)],
  ['of dmesg -x', mapLines((line) => `kern  :info  : ${line}`)],
  ['quoted twice', mapLines((line) => `> > ${line}`)],
  ...[40, 64, 79, 80, 100, 132].map(
    (width) => [`wrapped at ${width}`, hardWrapped(width)] as const,
  ),
  ...[60, 72, 78].map((width) => [`wrapped by a mailer at ${width}`, softWrapped(width)] as const),
  ...[54, 57, 60, 63].map(
    (width) =>
      [
        `of syslog, wrapped at ${width}`,
        hardWrapped(width, (line) => `Apr 28 07:55:19 some-host-name kernel: ${line}`),
      ] as const,
  ),
  ['wrapped by a mailer that quotes', softWrapped(72, '> ')],
  ['with each line twice', mapLines((line) => `${line}\n${line}`)],
  ['that comes twice, as by an early console', `${PLAIN}\n${PLAIN}`],
  [
    'with a second map of what the kernel keeps',
    `${PLAIN}\n[    0.1] efi: mem00: [Boot Code   |RUN|  |  |  |  |  |  |  |  |  |   |WB|WT|WC|UC] range=[0x0000000000000000-0x0000000000000fff] (0MB)`,
  ],
  ['of an old kernel', mapLines(oldForm)],
  ['in HTML', `<pre>${escaped(PLAIN).replaceAll('\n', '<br>\n')}</pre>`],
  ['in HTML without ends of lines', PLAIN.replaceAll('\n', '<br>')],
  ['in HTML with colours', mapLines((line) => `<span class="c1">${escaped(line)}</span></div>`)],
  ['in BBCode', `[code][color=#ff0000]${PLAIN}[/color][/code]`],
  ['with colours', mapLines((line) => line.replace(/\] (\S+)/, '] \u001b[33m$1\u001b[0m'))],
  [
    'with colours whose escape is lost',
    mapLines((line) => line.replace(/\] (\S+)/, '] [33m$1[0m')),
  ],
  ['with colours written out', mapLines((line) => line.replace(/\] (\S+)/, '] ^[[33m$1^[[0m'))],
  ['with colours that end lines', mapLines((line) => `\u001b[32m${line}\u001b[0m`)],
  ['in quoted-printable', quotedPrintable(PLAIN)],
  ['in quoted-printable, CRLF', quotedPrintable(PLAIN).replaceAll('\n', '\r\n')],
  ['in a JSON string', JSON.stringify({ log: PLAIN })],
  ['as JSON strings', JSON.stringify(STAMPED, null, 2)],
  [
    'of dmesg --json',
    JSON.stringify({ dmesg: LINES.map((msg) => ({ pri: 6, time: 0, msg })) }, null, 3),
  ],
  ['of journalctl -o json', LINES.map((MESSAGE) => JSON.stringify({ MESSAGE })).join('\n')],
  [
    'of journalctl -o json-pretty',
    LINES.map((MESSAGE) => `{\n\t"MESSAGE" : ${JSON.stringify(MESSAGE)}\n}`).join('\n'),
  ],
  [
    'of journalctl -o json, with messages as bytes',
    LINES.map((text) => JSON.stringify({ MESSAGE: [...Buffer.from(text)] })).join('\n'),
  ],
  ['without ends of lines', STAMPED.join(' ')],
  ['whose map lines have neither ends nor stamps', MAP_LINES.join(' ')],
  ['whose map lines have nothing between them', MAP_LINES.join('')],
  [
    'behind the boot of another machine',
    `${PLAIN.replaceAll('5f000', '4f000').replaceAll('5efff', '4efff')}\n${PLAIN}`,
  ],
  [
    'before the boot of its capture kernel',
    `${PLAIN}\nLinux version 6.1.0\nCommand line: elfcorehdr=0x1000\nBIOS-e820: [mem 0x0000000000001000-0x000000000009ffff] usable`,
  ],
];

describe('the same maps are read from a log', () => {
  it.each(SAME)('%s', (_what, text) => {
    const { e820, efiMap }: MachineMaps = parseLog(text).maps;
    expect(efiMap).toEqual(EFI_MAP);
    expect(e820).toEqual(E820);
  });
});

const first = (pattern: RegExp): number => STAMPED.findIndex((line) => pattern.test(line));

describe('a log is refused', () => {
  it.each([
    ['without a line of its EFI map', STAMPED.toSpliced(first(/efi: mem02/), 1).join('\n')],
    ['with lines of its EFI map exchanged', PLAIN.replace('mem02', 'mem03')],
    ['with a garbled type', PLAIN.replace('usable', 'usab1e')],
    ['whose lines have neither ends nor stamps', LINES.join(' ')],
    ['with words behind a type', PLAIN.replace('usable', 'usable or not')],
    [
      'with an e820 entry that overlaps another',
      PLAIN.replace('-0x000000000005efff] us', '-0x000000000006efff] us'),
    ],
    [
      'whose EFI map is another',
      PLAIN.replace('000000005f000-0x0000000000086fff] (', '000000005f000-0x0000000000085fff] ('),
    ],
    [
      'of two boots without their first lines',
      PLAIN + PLAIN.replaceAll(/^.*Linux version.*$/gm, '').replaceAll('5efff', '4efff'),
    ],
  ])('%s', (_what, text) => {
    expect(() => parseLog(text)).toThrow(FormatError);
  });

  it.each([
    ['arm64', 'Linux version 6.1.0 (aarch64-linux-gnu-gcc-12)', 'found one of arm64'],
    [
      'arm',
      '[ 0.0] Booting Linux on physical CPU 0x0\nLinux version 6.1 (arm-linux-gnueabi)',
      'found one of arm',
    ],
    ['riscv', 'Linux version 6.1 (riscv64-linux-gnu-gcc)', 'found one of riscv'],
    ['s390', 'Linux version 6.1\nsetup: Linux is running as a z/VM guest', 'found one of s390'],
    ['powerpc', 'Linux version 6.1 (powerpc64le-linux-gnu-gcc-12)', 'found one of powerpc'],
    ['an old Xen PV', ' Xen: 0000000000000000 - 00000000000a0000 (usable)', 'Xen PV'],
  ])('that is of %s', (_what, text, says) => {
    expect(() => parseLog(text)).toThrow(says);
  });

  it('whose last boot is cut, and says that there are others', () => {
    const cut = `${PLAIN}\n${PLAIN.slice(0, PLAIN.indexOf('mem03') + 20)}`;
    expect(() => parseLog(cut)).toThrow('boot 2 of 2 in the log, --boot <n> takes another');
    expect(parseLog(cut, 1).maps.efiMap).toEqual(EFI_MAP);
  });

  it('of a boot that it does not have', () => {
    expect(() => parseLog(PLAIN, 2)).toThrow('expected one from 1 to 1');
  });
});

/** The descriptors that are read from a log that is cut; 'refused', or 'says' if it says what it lacks. */
function readCut(cut: string): 'refused' | 'no EFI map' | 'whole' | 'says' | 'WRONG' {
  try {
    const { maps, notes } = parseLog(cut);
    const { efiMap } = maps;
    if (efiMap === null) return /efi: mem\d/.test(cut) ? 'WRONG' : 'no EFI map';
    if (JSON.stringify(efiMap.map(({ range }) => range)) === RANGES) return 'whole';
    const isStart = RANGES.startsWith(
      JSON.stringify(efiMap.map(({ range }) => range)).slice(0, -1),
    );
    return isStart && notes.join().includes('The EFI map covers') ? 'says' : 'WRONG';
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw error;
  }
}
const RANGES = JSON.stringify(EFI_MAP.map(({ range }) => range));

it('that is cut anywhere in its EFI map gives no other map: it is refused, or says what it lacks', () => {
  const [from, to] = [PLAIN.indexOf('efi: mem00'), PLAIN.indexOf('DMI')];
  const ends = Array.from({ length: to - from }, (_, index) =>
    readCut(PLAIN.slice(0, from + index)),
  );
  expect(new Set(ends)).toEqual(new Set(['no EFI map', 'refused', 'says', 'whole']));
});
