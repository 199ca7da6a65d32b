// SPDX-License-Identifier: MIT
import type { InvariantOutcome } from '../../check/judgement.ts';
import type { HistoryLine } from '../../history/history-line.ts';
import { historyLine } from '../../history/testing/history-builder.ts';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import type { RunResult } from '../../matrix/judged-cell.ts';
import { pagesOfRun } from '../../memory/page-map.ts';
import { LOCKED, invariant, runOf, withPages } from './run-builder.ts';

/** What a guest may write to its console so that somebody who reads a report does more than read. */
export const WEAPONS: Readonly<Record<string, string>> = {
  'control characters': '\u001b[2J\u001b]0;title\u0007\u0000\u0008\u009b31m\u007fowned',
  'a command for GitHub': '\n::error::owned',
  'a command with a title': '::error title=a,file=b::owned\r::add-mask::x',
  'an escaped command': '%0A::error::owned%0D%0A::stop-commands::x',
  'an old command': 'x ##[error]owned ##vso[task.complete]owned',
  'the end of CDATA': ']]><testcase name="owned"/>',
  'the end of a script': '</script><script>owned()</script><!--',
  'an image': '<img src=x onerror=owned()>![owned](https://evil.example/x.png)',
  'a result of TAP': '\nnot ok 99 - owned\n1..1\nBail out! owned',
  'a directive of TAP': 'owned # SKIP \\# TODO',
  'the end of YAML': '\n  ...\nnot ok 98 owned\n  ---',
  'a row of a table': 'a | owned | b \\| c',
  backticks: '```\n# owned\n``` `owned` ````',
  'a heading': '\n\n# owned\n\n- owned',
  'a name and an address': '@owned owned@evil.example https://evil.example/ www.evil.example #1',
  'what has no width or no end': 'a\u202eowned\u2066\u200b\u2028b\ud800c\ufeff',
  'much of it': `${'owned '.repeat(600)}::error::x`,
};

/** A history in which a stranger's words stand wherever they can, under both accelerators, new, fixed, flaky, unjudged. */
export function historyOfGuest(words: string): HistoryLine[] {
  const kernel = { ref: words, release: words, image: words };
  const cell = { cell: words, run: words, ovmf: words, kernel } as const;
  const [kept, broken] = [{ kept: [words] }, { broken: [words] }];
  return [
    historyLine({ ...cell, invariants: kept, accel: 'kvm' }),
    historyLine({ ...cell, invariants: broken, accel: 'tcg' }),
    historyLine({ ...cell, night: 1, invariants: broken }),
    historyLine({
      ...cell,
      night: 1,
      key: KEYS[0],
      fault: words,
      invariants: kept,
      counted: 'mismatch',
    }),
    historyLine({ ...cell, night: 1, key: KEYS[1], counted: 'unjudged', code: words }),
    historyLine({ ...cell, key: KEYS[2], invariants: broken }),
    historyLine({ ...cell, night: 1, key: KEYS[2], invariants: kept }),
  ];
}

const KEYS = ['1'.repeat(16), '2'.repeat(16), '3'.repeat(16)] as const;

/** A run in which a guest's words stand wherever a guest's words can. */
export function runOfGuest(words: string): RunResult {
  const broken: Partial<InvariantOutcome> = { why: words, evidence: 'system/kpageflags' };
  const known = { reference: words };
  return runOf(
    judgedCell({
      axes: { kernel: [words], layout: [words], append: [words], crashkernel: ['256M'] },
      record: { kernel: { release: words, image: words, imageSha256: '00', package: words } },
      judgement: {
        ...withPages(LOCKED, [
          [20, 'free'],
          [236, 'reserved'],
        ]),
        verdict: { kind: 'mismatch', broken: ['lowmem.locked'] },
        invariants: [
          invariant({
            id: 'lowmem.locked',
            outcome: 'broken',
            pages: pagesOfRun('0x10'),
            ...broken,
          }),
          invariant({ id: 'kdump.dmesg', outcome: 'known', known, ...broken }),
          invariant({ id: 'lowmem.page0-kept', known, ...broken }),
          invariant({ id: 'boot.all-cpus', outcome: 'unseen', why: words, shownBy: words }),
        ],
      },
    }),
    judgedCell({
      axes: { kernel: ['recipe:x'] },
      record: {
        startedAt: '2026-11-22T13:31:00.000Z',
        outcome: {
          kind: 'overrun',
          phase: 'boot',
          budgetMs: 1,
          silentMs: 1,
          lastLines: words.split('\n'),
        },
        attempts: [{ code: 'E_TIMER', why: words }],
      },
      judgement: { verdict: { kind: 'unjudged', code: 'E_GUEST_LINK', why: words } },
    }),
    judgedCell({
      axes: { kernel: ['recipe:y'] },
      record: { startedAt: '2026-11-22T13:32:00.000Z' },
      judgement: {
        verdict: { kind: 'boot-failure', lastLine: words },
        invariants: [invariant({ outcome: 'broken', ...broken, evidence: 'console.log' })],
      },
    }),
    judgedCell({
      axes: { kernel: ['recipe:z'] },
      judgement: { fault: { name: words, caughtBy: ['lowmem.locked'], caught: [] } },
    }),
  );
}
