// SPDX-License-Identifier: MIT
/** Builds changes and boots for tests. */
import type { Boot, Change } from '../answers.ts';
import type { Fact, Reason } from '../fact.ts';

/** Changes named so, the oldest first. */
export function changes(...ids: readonly string[]): Change[] {
  return ids.map((id) => ({ id, subject: `Change ${id}`, kernel: `/linux@${id}` }));
}

/** Why the fault of these tests breaks the invariant. */
export const REASON: Reason = { pages: ['0x10-0x13'], steps: null, end: null };

/** What a boot shows: `+` kept, `-` broken, `!` broken for another reason, `?` untold, `~` untold by the host. */
export type Sign = '+' | '-' | '!' | '?' | '~';

const FACTS: Readonly<Record<Sign, Fact>> = {
  '+': { kind: 'kept', why: 'as promised' },
  '-': { kind: 'broken', why: '4 pages are free', reason: REASON },
  '!': { kind: 'broken', why: '1 page is free', reason: { ...REASON, pages: ['0x63'] } },
  '?': { kind: 'untold', why: 'it does not build', again: false },
  '~': { kind: 'untold', why: 'QEMU died', again: true },
};

/** A boot of a change that showed this. */
export function bootOf(change: Change, sign: Sign): Boot {
  return { change, fact: FACTS[sign], bundle: sign === '?' ? null : `results/${change.id}` };
}
