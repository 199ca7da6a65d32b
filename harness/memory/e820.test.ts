// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parseE820Log, parseFirmwareMemmap } from './e820.ts';
import { physRange } from './phys-range.ts';

const OVMF = [
  { range: physRange(0, 0xa0000), ram: true },
  { range: physRange(0x10_0000, 0x80_6000), ram: true },
  { range: physRange(0x80_6000, 0x80_8000), ram: false },
];

const LOG = `[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x0000000000805fff] usable
[    0.000000] BIOS-e820: [mem 0x0000000000806000-0x0000000000807fff] ACPI NVS
[    0.000000] NX (Execute Disable) protection: active
`;

const LOG_7_2 = `BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff]  System RAM\r
BIOS-e820: [gap 0x00000000000a0000-0x00000000000fffff]\r
BIOS-e820: [mem 0x0000000000100000-0x0000000000805fff]  System RAM\r
BIOS-e820: [mem 0x0000000000806000-0x0000000000807fff]  ACPI NVS\r
`;

const LOG_3_5 = ` BIOS-e820: 0000000000000000 - 00000000000a0000 (usable)
 BIOS-e820: 0000000000100000 - 0000000000806000 (usable)
 BIOS-e820: 0000000000806000 - 0000000000808000 (ACPI NVS)
`;

const MEMMAP = `0x0 0x9ffff System RAM
0x100000 0x805fff System RAM
0x806000 0x807fff ACPI Non-volatile Storage
`;

describe('the e820 map', () => {
  it.each([
    { source: 'a log up to 7.1', parse: parseE820Log, text: LOG },
    { source: 'a log from 7.2 on', parse: parseE820Log, text: LOG_7_2 },
    { source: 'a log up to 3.5', parse: parseE820Log, text: LOG_3_5 },
    { source: 'INT 15h e801', parse: parseE820Log, text: LOG.replaceAll('e820', 'e801') },
    { source: 'INT 15h 88h', parse: parseE820Log, text: LOG.replaceAll('e820', '88') },
    { source: '/sys/firmware/memmap', parse: parseFirmwareMemmap, text: MEMMAP },
  ])('is read from $source', ({ parse, text }) => {
    expect(parse(text)).toEqual(OVMF);
  });

  it.each([
    { lie: 'bounds the wrong way round', line: '0x9ffff 0x0 System RAM' },
    { lie: 'an address beyond 52 bits', line: '0x0 0xffffffffffffffff System RAM' },
    { lie: 'no type', line: '0x0 0x9ffff' },
    { lie: 'no number', line: '0xzz 0x9ffff System RAM' },
  ])('is read without an entry that has $lie', ({ line }) => {
    expect(parseFirmwareMemmap(`${line}\n${MEMMAP}`)).toEqual(OVMF);
  });

  it.each([
    'reserved',
    'soft reserved',
    'ACPI data',
    'unusable',
    'persistent (type 7)',
    'type 20',
    ' device reserved',
  ])('has no RAM of type %s', (type) => {
    expect(parseE820Log(LOG.replace('ACPI NVS', type))).toEqual(OVMF);
  });

  it.each([
    {
      damage: 'a type that no kernel prints',
      from: 'ACPI NVS',
      to: 'usable<br />',
      why: 'no kernel prints its type',
    },
    {
      damage: 'a type that is cut',
      from: 'ACPI NVS',
      to: 'usab',
      why: 'no kernel prints its type',
    },
    { damage: 'no type', from: 'ACPI NVS', to: '', why: 'no kernel prints its type' },
    {
      damage: 'an end before its start',
      from: '807fff',
      to: '0fff',
      why: 'its range is impossible',
    },
    { damage: 'a range that is cut', from: '807fff] ACPI NVS', to: '', why: 'it is cut' },
  ])('is refused for a line with $damage', ({ from, to, why }) => {
    expect(() => parseE820Log(LOG.replace(from, to))).toThrow(
      `Cannot read a line of the log: expected an entry of the e820 map, but ${why}: `,
    );
  });

  it.each([
    {
      cut: 'an empty log',
      read: () => parseE820Log(''),
      message:
        'Cannot read the e820 map of the log: expected lines "BIOS-e820: [mem 0x…-0x…] …", found none',
    },
    {
      cut: 'garbage',
      read: () => parseFirmwareMemmap('\u0000\u0001'),
      message:
        'Cannot read /sys/firmware/memmap: expected lines "0x0 0x9ffff System RAM", found none',
    },
    {
      cut: 'more entries than a kernel takes',
      read: () => parseFirmwareMemmap('0x0 0x1 System RAM\n'.repeat(3201)),
      message:
        'Cannot read /sys/firmware/memmap: expected lines "0x0 0x9ffff System RAM", found more than 3200',
    },
  ])('is refused if it is $cut', ({ read, message }) => {
    expect(read).toThrow(new FormatError(message));
  });
});
