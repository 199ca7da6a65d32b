// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableText, screenText } from '../memory/printable-text.ts';
import { cleanText } from './screen.ts';
import { runnerCommands } from './testing/runner-commands.ts';
import { renderAnnotation } from './workflow-command.ts';

describe('renderAnnotation', () => {
  it('escapes what a message and a title may not hold', () => {
    const lines = ['100 % of 2 cells: a,b', 'next'];
    expect(renderAnnotation({ level: 'error', title: 'a: 1,2 %', lines })).toBe(
      '::error title=a%3A 1%2C2 %25::100 %25 of 2 cells: a,b%0Anext\n',
    );
  });

  it('cuts what GitHub would not show, and no character in two', () => {
    const long = '😀'.repeat(3000);
    const text = renderAnnotation({ level: 'notice', title: long, lines: [long] });
    const [command] = runnerCommands(text);
    expect(command?.properties['title']).toMatch(/^😀{99}…$/u);
    expect(command?.data).toMatch(/^😀{1999}…$/u);
  });

  it('is one command with that title and that message, whoever wrote them', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 80 });
    const risky = fc.array(
      fc.constantFrom('::', '%0A', '\n', '%', ',', ':', '##[error]', 'error '),
    );
    const words = fc.oneof(
      anything,
      risky.map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(words, fc.array(words, { maxLength: 3 }), (title, lines) => {
        const clean = screenText(lines.map(printableText).join('\n'));
        const text = renderAnnotation({ level: 'warning', title, lines });
        expect(text).toMatch(/^[^\r\n]*\n$/);
        expect(runnerCommands(text)).toEqual([
          {
            name: 'warning',
            properties: { title: screenText(printableText(title)) },
            data: clean,
          },
        ]);
      }),
    );
  });
});

describe('cleanText', () => {
  it('lets no text be a command', () => {
    expect(runnerCommands(cleanText('::error::x\n ##[error]y\n'))).toEqual([]);
  });

  it('writes each annotation as one', () => {
    const annotation = { level: 'error', title: '', lines: ['::error::x'] } as const;
    expect(runnerCommands(cleanText([annotation, annotation]))).toHaveLength(2);
  });
});
