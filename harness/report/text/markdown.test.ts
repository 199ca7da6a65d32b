// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableText } from '../../memory/printable-text.ts';
import { readMarkdown } from '../testing/markdown.ts';
import { code, cutMarkdown, document, fence, link, table } from './markdown.ts';

const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.constantFrom('`', '``', ' ', '|', '\\', '<b>', 'x', '*', '~~~'))
    .map((parts) => parts.join('')),
);

describe('code', () => {
  it.each([
    ['lock', '`lock`'],
    ['a `b` c', '``a `b` c``'],
    ['`', '`` ` ``'],
    ['```x', '```` ```x ````'],
    ['', '–'],
    [' \n ', '–'],
  ])('puts %j into %s', (text, markdown) => {
    expect(code(text)).toBe(markdown);
  });

  it('is what anybody wrote, and nothing but code', () => {
    fc.assert(
      fc.property(words, (text) => {
        const { codes, kinds } = readMarkdown(`a ${code(`x${text}`)} b`);
        expect(codes).toEqual([printableText(`x${text}`)]);
        expect([...kinds].toSorted()).toEqual(['codespan', 'paragraph', 'text']);
      }),
    );
  });
});

describe('fence', () => {
  it('holds the lines of anybody, but for empty ones', () => {
    fc.assert(
      fc.property(fc.array(words), (texts) => {
        const lines = texts.map((text) => printableText(text));
        const read = readMarkdown(document([fence(lines), 'end']));
        expect(read.codes).toEqual([lines.filter((line) => line !== '').join('\n')]);
        expect(read.words).toBe('end');
      }),
    );
  });
});

describe('table', () => {
  it('has as many columns as titles, whoever wrote in it', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const text = table(
          ['a', 'b'],
          [
            [code(a), code(b)],
            ['x', 'y'],
          ],
        );
        expect(readMarkdown(`${text}\n`).tables).toEqual([[2, 2, 2]]);
      }),
    );
  });
});

describe('link', () => {
  it.each([
    'https://lore.kernel.org/r/20210407140316.30210-1-lijiang@redhat.com',
    'https://bugs.debian.org/1#5',
  ])('links %s', (reference) => {
    expect(readMarkdown(link(reference)).links).toEqual([reference]);
  });

  it.each(['http://a.example', 'javascript:x', 'https://a.example/ b', 'https://a/>', 'x@y.z', ''])(
    'makes no link of "%s"',
    (reference) => {
      expect(link(reference)).toBe(code(reference));
    },
  );
});

describe('cutMarkdown', () => {
  const text = document(['# a', fence(['b', 'c']), 'd']);

  it.each([
    { limit: 999, blocks: 3 },
    { limit: 20, blocks: 3 },
    { limit: 19, blocks: 0 },
    { limit: 0, blocks: 0 },
    { limit: -5, blocks: 0 },
  ])('keeps $blocks blocks in $limit bytes', ({ limit, blocks }) => {
    const cut = cutMarkdown(text, limit);
    expect(cut === '' ? 0 : cut.trimEnd().split('\n\n').length).toBe(blocks);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(Math.max(limit, 0));
  });

  it('counts bytes, not characters', () => {
    const wide = document(['é'.repeat(100), 'é'.repeat(100)]);
    const cut = cutMarkdown(wide, 300);
    expect(cut).toBe(
      `${'é'.repeat(100)}\n\nThe rest does not fit; the folder of the run has all.\n`,
    );
  });
});
