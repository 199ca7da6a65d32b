// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { keepNeededSymbols } from './needed-symbols.ts';

it('keeps the lines of needed symbols and no others, whatever stands between', () => {
  const kallsyms = [
    'ffffffff81000000 T _text',
    'ffffffff81000040 t _text_of_another',
    'garbage',
    '',
    'ffffffff82000000 D page_offset_base',
    'ffffffffc0000000 t real_mode_header\t[a_module]',
  ].join('\n');
  expect(Buffer.from(keepNeededSymbols(Buffer.from(kallsyms))).toString()).toBe(
    'ffffffff81000000 T _text\nffffffff82000000 D page_offset_base\n',
  );
});
