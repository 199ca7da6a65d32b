// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { HistoryLine } from '../history/history-line.ts';
import {
  type MadeCell,
  historyLine,
  madeHistory,
  madeName,
} from '../history/testing/history-builder.ts';
import { renderHistoryCell } from './history-cell-report.ts';
import { type HistoryResult, historyResult, renderHistoryDocument } from './history-document.ts';
import { renderHistory } from './history-report.ts';
import { parseDocument } from './testing/documents.ts';
import { HOSTILE } from './testing/run-builder.ts';

const PLAIN = { colour: false, width: 100 };
const always = (): boolean => true;
const eachNight = (night: number): string => String(night).padStart(64, '0');

const SPECIAL: Readonly<Record<number, MadeCell>> = {
  1: { broken: (night) => night === 29, image: eachNight },
  2: { broken: (night) => night < 29, image: eachNight },
  3: { broken: (night) => night >= 10, image: (night) => (night < 10 ? '1' : '2').repeat(64) },
  4: { broken: (night) => night % 7 === 3 },
  5: { unjudged: (night) => night === 29 },
  6: { broken: (night) => night > 20, unjudged: (night) => night === 29, image: eachNight },
  7: { fault: 'leak', broken: always },
  8: { fault: 'lost', broken: (night) => night < 29 },
};

function resultOf(lines: Iterable<HistoryLine>, cell = ''): HistoryResult {
  const history = { lines: [...lines], skipped: { count: 0, named: [] } };
  const result = historyResult(history, (one) => one.cell === cell);
  if (!result) throw new Error('Expected a night');
  return result;
}

const made = (): Iterable<HistoryLine> => madeHistory({ nights: 30, cells: 12, special: SPECIAL });

describe('renderHistory()', () => {
  it('shows what is new, fixed, still broken, open, flaky, unjudged, and what was caught', () => {
    expect(renderHistory(resultOf(made()), PLAIN)).toMatchInlineSnapshot(`
      "Night of 2026-09-30 22:00 UTC, after 29 nights: 10 cells: 6 match, 2 mismatch, 2 unjudged

      New (1 cell)
        debian-6.1.crashkernel-256m.layout-1: lowmem.locked (was kept) on 6.12.43+deb12-cloud-amd64

      Fixed (1 cell)
        debian-6.2.crashkernel-256m.layout-2: lowmem.locked (broken since 2026-09-01) on
        6.12.43+deb12-cloud-amd64

      Still broken (1 cell)
        debian-6.3.crashkernel-256m.layout-3: lowmem.locked since 2026-09-11

      Broken when last judged, not judged in this night (1 cell)
        debian-6.6.crashkernel-256m.layout-6: lowmem.locked since 2026-09-22

      Flaky on the same image (2 cells)
        debian-6.4.crashkernel-256m.layout-4: lowmem.locked broken in 4 of 30 (5.3 % to 30 %) under kvm
        debian-6.8.crashkernel-256m.layout-8: lowmem.locked broken in 29 of 30 (83 % to 99 %) under kvm

      Could not be judged (2 cells)
        debian-6.5.crashkernel-256m.layout-5: E_DEADLINE, last judged 2026-09-29
        debian-6.6.crashkernel-256m.layout-6: E_DEADLINE, last judged 2026-09-29

      Detection power: would have caught 1 of 2 seeded faults; 2 tried in this night
        MISSED: lost
        caught: leak
      "
    `);
  });

  it('says of a quiet night that it is one, and nothing of what there is not', () => {
    const lines = [historyLine(), historyLine({ night: 1 })];
    expect(renderHistory(resultOf(lines), PLAIN)).toBe(
      'Night of 2026-09-02 22:00 UTC, after 1 night: 1 cell: 1 match, 0 mismatch, 0 unjudged\n' +
        'Nothing is new, and nothing was fixed.\n',
    );
    expect(renderHistory(resultOf([historyLine()]), PLAIN)).toContain('UTC, the first: 1 cell:');
  });

  it('names so many cells of a list, and counts the others', () => {
    const special = Object.fromEntries(
      Array.from({ length: 50 }, (_, nr) => [nr, { broken: (night: number) => night === 1 }]),
    );
    const text = renderHistory(resultOf(madeHistory({ nights: 2, cells: 60, special })), PLAIN);
    expect(text).toContain('New (50 cells)\n');
    expect(text).toContain('  and 30 more; --json has all\n');
  });

  it('keeps what a stranger wrote from the terminal', () => {
    const invariants = { broken: [HOSTILE], known: [HOSTILE] };
    const kernel = { ref: HOSTILE, release: HOSTILE, image: HOSTILE };
    const lines = [
      historyLine({ kernel, invariants: { kept: [HOSTILE] } }),
      historyLine({ kernel, invariants, night: 1, cell: 'x', fault: HOSTILE, code: HOSTILE }),
      historyLine({ kernel, night: 1, cell: 'y', counted: 'unjudged', code: HOSTILE }),
      historyLine({ kernel, night: 1, invariants }),
      historyLine({ kernel, night: 1, cell: 'z', key: 'f'.repeat(16), invariants }),
    ];
    const result = resultOf(lines, 'debian-6.12.no-crashkernel');
    const texts = [
      renderHistory(result, PLAIN),
      ...result.cells.map((one) => renderHistoryCell(one, PLAIN)),
    ];
    // eslint-disable-next-line no-control-regex
    for (const text of texts) expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(texts).toHaveLength(2);
  });
});

describe('renderHistoryCell()', () => {
  const cell = (nr: number): string =>
    resultOf(made(), madeName(nr))
      .cells.map((one) => renderHistoryCell(one, PLAIN))
      .join('');

  it('shows a strip, what its signs mean, rates and durations', () => {
    expect(cell(3)).toMatchInlineSnapshot(`
      "debian-6.3.crashkernel-256m.layout-3 (37590059ad392597)
      last run with 6.12.43+deb12-cloud-amd64

      2026-09-01  ..........XXXXXXXXXXXXXXXXXXXX
                            ^
        .  match
        X  an invariant is broken
        ^  another kernel image

      lowmem.locked: broken in 20 of 30 (49 % to 81 %) under tcg
      19 invariants never broken in 30 runs under tcg (0 % to 11 %)

      tcg: median 24.5 s, nine of ten within 28.0 s (20 runs)
      "
    `);
  });

  it('tells a fault that was missed from one that was caught', () => {
    const text = cell(8);
    expect(text).toContain('seeded fault lost\n');
    expect(text).toContain(`${'.'.repeat(29)}X\n`);
    expect(text).toContain('  X  the seeded fault was MISSED\n');
  });

  it('breaks a long strip into rows, each with its first day', () => {
    const lines = madeHistory({ nights: 130, cells: 1 });
    const rows = resultOf(lines, madeName(0)).cells.map((one) => renderHistoryCell(one, PLAIN));
    const strips = rows.join('').match(/^\d{4}-\d\d-\d\d  \.+$/gm);
    expect(strips).toEqual([
      `2026-09-01  ${'.'.repeat(60)}`,
      `2026-10-31  ${'.'.repeat(60)}`,
      `2026-12-30  ${'.'.repeat(10)}`,
    ]);
  });

  it('has each sign in its colour, if there is colour', () => {
    const [one] = resultOf(made(), madeName(3)).cells;
    const text = one ? renderHistoryCell(one, { ...PLAIN, colour: true }) : '';
    expect(text).toContain('\u001b[31mX\u001b[39m');
    expect(text).toContain('\u001b[32m.\u001b[39m');
  });
});

it('a line of history is by its schema', () => {
  const [line] = [...made()];
  expect(parseDocument('history-line', JSON.stringify(line))).toEqual(line);
});

describe('renderHistoryDocument()', () => {
  it('has all of it, by its schema', () => {
    const document = parseDocument('history', renderHistoryDocument(resultOf(made(), madeName(4))));
    expect(document).toMatchObject({
      nights: 30,
      lines: 360,
      counts: { match: 6, mismatch: 2, unjudged: 2 },
      new: [{ cell: madeName(1) }],
      fixed: [{ cell: madeName(2) }],
      still: [{ cell: madeName(3) }],
      open: [{ cell: madeName(6) }],
      detection: { tonight: { caught: ['leak'], missed: ['lost'] } },
    });
    expect(document.cells).toHaveLength(1);
    expect(document.cells[0]?.strip).toHaveLength(30);
    expect(document.cells[0]?.durations).toMatchObject([{ accel: 'kvm', runs: 20 }]);
    expect(document.cells[0]?.rates).toContainEqual({
      invariant: 'lowmem.locked',
      accel: 'kvm',
      broken: expect.objectContaining({ count: 4, of: 30 }) as unknown,
    });
  });

  it('has no cell unless one was asked for', () => {
    const document = parseDocument('history', renderHistoryDocument(resultOf(made())));
    expect(document.cells).toEqual([]);
  });
});

it('a history without lines gives no result', () => {
  expect(historyResult({ lines: [], skipped: { count: 0, named: [] } }, always)).toBeNull();
});
