// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVIDENCE, EVIDENCE_FILES, evidenceRow } from './evidence.ts';

/** The table as results/README.md has it. */
function renderTable(): string {
  const rows = EVIDENCE_FILES.map((file) => {
    const { phase, is } = EVIDENCE[file];
    return `| \`${file}\` | ${phase ?? ''} | ${is} |`;
  });
  return ['| file | left by phase | is |', '|---|---|---|', ...rows, ''].join('\n');
}

describe('the evidence of a cell', () => {
  it('is what results/README.md says', () => {
    const readme = readFileSync(new URL('../../results/README.md', import.meta.url), 'utf8');
    const [, table = ''] = /^(\| file \|[^]*?\n)\n/m.exec(readme) ?? [];
    expect(table).toBe(renderTable());
  });

  it('has what the agent sends, and says so', () => {
    const init = readFileSync(new URL('../../guest/init', import.meta.url), 'utf8');
    const sent = (name: string): string[] => {
      const [, body = ''] = new RegExp(`^${name}\\(\\) \\{\\n([^]*?)^\\}`, 'm').exec(init) ?? [];
      // `cp FROM FILE`, `… >FILE`, `--dump-dmesg FROM FILE`, `tar -cf FILE`, `for words in FILE…`.
      const written = body.matchAll(
        /(?:\bcp \S+ |>(?:\.\/)?|--dump-dmesg \S+ |tar -cf )([a-z][a-z.-]+)/g,
      );
      const [, words = ''] = /for words in (.*);/.exec(body) ?? [];
      return [...Array.from(written, ([, file = '']) => file), ...words.split(' ')].filter(Boolean);
    };
    const both = sent('observe').filter((file) => file !== 'observed.tar');
    const files = [
      ...[...both, ...sent('observe_system'), ...sent('counters')].map((file) => `system/${file}`),
      ...[...both, ...sent('observe_capture')].map((file) => `capture/${file}`),
    ];
    expect(files).toHaveLength(21);
    const fromGuest = EVIDENCE_FILES.filter((file) => evidenceRow(file).fromGuest);
    // guest/dump sends it, in the phase after.
    expect(fromGuest.toSorted()).toEqual([...files, 'capture/vmcore-reads'].toSorted());
  });
});
