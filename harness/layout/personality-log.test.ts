// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parsePersonalityLog } from './personality-log.ts';
import { pfn } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';

/** A real report of the driver, without most of its lines. */
const LOG = `sub1m-personality 1\r
ask 0x0-0x62fff 7
ask 0x63000-0x8efff 4
ask 0x8f000-0x9ffff 4294967295
before 0x0-0x9ffff 7 0xf
got 0x0-0x62fff 7 allocated
got 0x63000-0x86fff 4 retaken
got 0x87000-0x87fff 4 held
got 0x88000-0x8efff 4 denied 6
islands 149 150
islands 3 3
error islands: no room found 0x1
esrt 0x3db0b000-0x3db0b037
bgrt 0x3db0a000-0x3db0afff
svam 0x3db09000-0x3db0900a
after 0x0-0x62fff 7 0xf
ready
exit 0x0-0x62fff 7 0xf
exit 0x3ea8a000-0x3eb8bfff 6 0x800000000000000f
bda 0x2c00 0x9f
tag 0x1 0xafadd199
tag 0xff 0x24840548
done
`;

/** What a report yields of which nothing is there but its first line. */
const NOTHING = {
  asked: [],
  got: [],
  islands: [],
  before: [],
  after: [],
  exit: [],
  biosWords: null,
  tags: new Map(),
  tables: { esrt: null, bgrt: null },
  setVirtualAddressMapFails: false,
  errors: [],
  done: false,
};

/** A report of this line alone. */
function only(line: string): string {
  return `sub1m-personality 1\n${line}\ndone\n`;
}

describe('the report of the personality driver', () => {
  it('has everything that the driver says', () => {
    const low = { range: physRange(0, 0x63000), type: 7, attribute: 0xfn };
    expect(parsePersonalityLog(LOG)).toEqual({
      asked: [
        { range: physRange(0, 0x63000), type: 7 },
        { range: physRange(0x63000, 0x8f000), type: 4 },
        { range: physRange(0x8f000, 0xa0000), type: null },
      ],
      got: [
        { range: physRange(0, 0x63000), type: 7, result: 'allocated' },
        { range: physRange(0x63000, 0x87000), type: 4, result: 'retaken' },
        { range: physRange(0x87000, 0x88000), type: 4, result: 'held' },
        { range: physRange(0x88000, 0x8f000), type: 4, result: 'denied' },
      ],
      islands: [
        { got: 149, wanted: 150 },
        { got: 3, wanted: 3 },
      ],
      before: [{ range: physRange(0, 0xa0000), type: 7, attribute: 0xfn }],
      after: [low],
      exit: [
        low,
        {
          range: physRange(0x3ea8_a000, 0x3eb8_c000),
          type: 6,
          attribute: 0x8000_0000_0000_000fn,
        },
      ],
      biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0x9f },
      tags: new Map([
        [pfn(1), 0xafad_d199],
        [pfn(0xff), 0x2484_0548],
      ]),
      tables: {
        esrt: physRange(0x3db0_b000, 0x3db0_b038),
        bgrt: physRange(0x3db0_a000, 0x3db0_b000),
      },
      setVirtualAddressMapFails: true,
      errors: ['islands: no room found 0x1'],
      done: true,
    });
  });

  it.each([
    { text: 'sub1m-personality 1', what: 'its first line' },
    { text: 'sub1m-personality 1\nhold\ngo\nready\n', what: 'lines that say when, not what' },
    { text: 'sub1m-personality 1\n\nEFI stub: hello\nasking\n', what: "the firmware's lines" },
  ])('has only $what if there is nothing else', ({ text }) => {
    expect(parsePersonalityLog(text)).toEqual(NOTHING);
  });

  it('ends at its last line, whatever the kernel writes there', () => {
    const text = 'sub1m-personality 1\ndone\nbda 0x1 0x1\nexit garbage\nerror later\n';
    expect(parsePersonalityLog(text)).toEqual({ ...NOTHING, done: true });
  });

  it('ends after more lines than any report has', () => {
    const text = `sub1m-personality 1\n${'error x\n'.repeat(30_000)}done\n`;
    const { errors, done } = parsePersonalityLog(text);
    expect([errors.length, done]).toEqual([19_999, false]);
  });

  it('takes a word that it does not know for a denial', () => {
    const { got } = parsePersonalityLog(only('got 0x0-0xfff 7 granted'));
    expect(got).toEqual([{ range: physRange(0, 0x1000), type: 7, result: 'denied' }]);
  });

  it.each([
    { cut: 'nothing', text: '' },
    { cut: 'its first line', text: LOG.slice(LOG.indexOf('ask')) },
    { cut: 'half of its first line', text: 'sub1m-personal' },
    { cut: 'a version of its own', text: 'sub1m-personality 2\ndone\n' },
    { cut: 'something before it', text: `UEFI\n${LOG}` },
  ])('is refused with $cut', ({ text }) => {
    const message = 'Cannot read personality.log: expected "sub1m-personality 1" in line 1';
    expect(() => parsePersonalityLog(text)).toThrow(new FormatError(message));
  });

  it.each([
    { line: 'ask', why: 'expected a range, found ""' },
    { line: 'ask 0x0-0xfff', why: 'expected a number, found ""' },
    { line: 'ask 0x0-0xfff RAM', why: 'expected a number, found "RAM"' },
    { line: 'ask 0x0-0xfff -1', why: 'expected a number, found "-1"' },
    { line: 'ask 0x0-0xfff 1e3', why: 'expected a number, found "1e3"' },
    { line: 'ask 0x0-0xfff 0x', why: 'expected a number, found "0x"' },
    { line: 'ask 0-0xfff 7', why: 'expected a range, found "0-0xfff"' },
    { line: 'ask 0x1000-0xfff 7', why: 'expected a range, found "0x1000-0xfff"' },
    { line: 'ask 0x0-0xfffg 7', why: 'expected a range, found "0x0-0xfffg"' },
    {
      line: 'exit 0x0-0xffffffffffffffff 7 0xf',
      why: 'expected a range, found "0x0-0xffffffffffffffff"',
    },
    {
      line: 'exit 0x0-0x10000000000000 7 0xf',
      why: 'expected a range, found "0x0-0x10000000000000"',
    },
    { line: 'exit 0x0-0xfff 7', why: 'expected an attribute, found ""' },
    { line: 'before 0x0-0xfff 7 WB', why: 'expected an attribute, found "WB"' },
    {
      line: 'after 0x0-0xfff 7 0x1000000000000000f',
      why: 'expected an attribute, found "0x1000000000000000f"',
    },
    { line: 'got 0x0-0xfff', why: 'expected a number, found ""' },
    { line: 'islands 1', why: 'expected a number, found ""' },
    { line: 'islands one 1', why: 'expected a number, found "one"' },
    { line: 'esrt', why: 'expected a range, found ""' },
    { line: 'bgrt 0x3db0a000', why: 'expected a range, found "0x3db0a000"' },
    { line: 'svam yes', why: 'expected a range, found "yes"' },
    { line: 'bda 0x2c00', why: 'expected a number, found ""' },
    { line: 'tag 0x100 0x1', why: 'expected a page below 1 MiB, found "0x100"' },
    { line: 'tag 0x1', why: 'expected a number, found ""' },
    { line: 'tag \u001b[31m 0x1', why: String.raw`expected a number, found "\u001b[31m"` },
  ])('is refused with the line "$line"', ({ line, why }) => {
    const message = `Cannot read personality.log: ${why}`;
    expect(() => parsePersonalityLog(only(line))).toThrow(new FormatError(message));
  });

  it('is incomplete or refused wherever it is cut', () => {
    const end = LOG.indexOf('done') + 'done'.length;
    const cuts = Array.from({ length: end - 1 }, (_, index) => LOG.slice(0, index));
    const whole = cuts.filter((text) => {
      try {
        return parsePersonalityLog(text).done;
      } catch (error) {
        return !(error instanceof FormatError);
      }
    });
    expect(whole).toEqual([]);
  });
});
