// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { parseVmcoreinfo } from './vmcoreinfo.ts';

/** From a 6.12 kernel, reduced to a line of each kind. */
const TEXT = `OSRELEASE=6.12.117
BUILD-ID=2576d90dd3a2fc59c854147aea4b30bcaaeb16f2
PAGESIZE=4096
SYMBOL(init_uts_ns)=ffffffffb1a1c9e0
OFFSET(uts_namespace.name)=0
SIZE(page)=64
LENGTH(zone.free_area)=11
NUMBER(PG_lru)=5
NUMBER(phys_base)=-16777216
NUMBER(sme_mask)=0
NUMBER(kimage_voffset)=0xffff
KERNELOFFSET=2e000000
CONFIG_X86_5LEVEL=y
CRASHTIME=1764084370
`;

const parse = (text: string): ReturnType<typeof parseVmcoreinfo> =>
  parseVmcoreinfo(Buffer.from(text, 'latin1'));

describe('parseVmcoreinfo()', () => {
  it('gives each kind of value', () => {
    const info = parse(TEXT);
    expect({
      release: info.release,
      buildId: info.buildId,
      pageBytes: info.pageBytes,
      kernelOffset: info.kernelOffset,
      symbol: info.symbol('init_uts_ns'),
      offset: info.offset('uts_namespace.name'),
      size: info.size('page'),
      length: info.length('zone.free_area'),
      numbers: ['PG_lru', 'phys_base', 'sme_mask', 'kimage_voffset'].map((name) =>
        info.number(name),
      ),
      config: info.text('CONFIG_X86_5LEVEL'),
      lines: info.fields.size,
    }).toEqual({
      release: '6.12.117',
      buildId: '2576d90dd3a2fc59c854147aea4b30bcaaeb16f2',
      pageBytes: 4096,
      kernelOffset: 0x2e000000n,
      symbol: 0xffffffffb1a1c9e0n,
      offset: 0,
      size: 64,
      length: 11,
      numbers: [5, -16777216, 0, 65535],
      config: 'y',
      lines: 14,
    });
  });

  it('gives nothing for what the kernel did not write', () => {
    const info = parse('');
    expect([info.release, info.kernelOffset, info.symbol('x'), info.offset('x.y')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('ignores lines without a value, and zeroes after the text', () => {
    expect([...parse('A=1\n=2\nB\n\nC=3=4\nA=5\0\0\0').fields]).toEqual([
      ['A', '5'],
      ['C', '3=4'],
    ]);
  });

  it.each([
    {
      text: 'SYMBOL(x)=-1',
      message:
        'Cannot read SYMBOL(x) of VMCOREINFO: expected an address in hexadecimal, found "-1"',
    },
    {
      text: 'SYMBOL(x)=11112222333344445',
      message:
        'Cannot read SYMBOL(x) of VMCOREINFO: expected an address in hexadecimal, found "11112222333344445"',
    },
    {
      text: 'OFFSET(x)=-8',
      message: 'Cannot read OFFSET(x) of VMCOREINFO: expected no negative number, found "-8"',
    },
    {
      text: 'SIZE(x)=',
      message: 'Cannot read SIZE(x) of VMCOREINFO: expected a number, found ""',
    },
    {
      text: 'NUMBER(x)=9007199254740993',
      message: 'Cannot read NUMBER(x) of VMCOREINFO: expected a number, found "9007199254740993"',
    },
    {
      text: `LENGTH(x)=${'1e5\u001b[31m'.repeat(20)}`,
      message: 'Cannot read LENGTH(x) of VMCOREINFO: expected a number, found "1e51e51e51e51e5"',
    },
  ])('refuses $text when it is asked for', ({ text, message }) => {
    const info = parse(text);
    const ask = (): unknown[] => [
      info.symbol('x'),
      info.offset('x'),
      info.size('x'),
      info.number('x'),
      info.length('x'),
    ];
    expect(ask).toThrow(new FormatError(message));
  });

  it('refuses a text that is too long', () => {
    expect(() => parse('x'.repeat(65_537))).toThrow(
      new FormatError('Cannot read VMCOREINFO: expected at most 65536 bytes, found 65537'),
    );
  });
});
