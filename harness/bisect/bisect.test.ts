// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import type { Boot, Change } from './answers.ts';
import { type Find, aroundChange, bisect } from './bisect.ts';
import { type Sign, bootOf, changes } from './testing/change-builder.ts';
import { listRange } from './linear-search.ts';

interface Words {
  readonly find?: Find | null;
  readonly boots?: Boot[];
  /** The end without the change that was found, or why there is none. */
  readonly revert?: string;
}

/** Bisects kernels that show these signs, one after another; the last one forever. */
async function search(signs: readonly string[], { find = null, boots = [], revert }: Words = {}) {
  const list = changes(...signs.map((_, index) => String(index)));
  const [reverted] = changes('reverted');
  const told: string[] = [];
  const booted: string[] = [];
  const range = {
    ...listRange(list),
    ...(revert === undefined || !reverted
      ? {}
      : { revert: () => Promise.resolve(revert.length === 1 ? reverted : revert) }),
  };
  const boot = async (change: Change): Promise<void> => {
    const all = change === reverted ? (revert ?? '') : (signs[Number(change.id)] ?? '');
    const done = boots.filter((one) => one.change.id === change.id).length;
    booted.push(change.id);
    boots.push(bootOf(change, (all[done] ?? all.at(-1)) as Sign));
    await Promise.resolve();
  };
  const onStep = (text: string): void => {
    told.push(text);
  };
  const end = await bisect({
    range,
    find,
    reason: null,
    confidence: 0.99,
    boots: () => boots,
    boot,
    onStep,
  });
  const { before, after } = aroundChange(end, range);
  const { find: found, outcome, proof } = end;
  return {
    find: found,
    kind: outcome.kind,
    before: before.id,
    after: after.id,
    proof,
    booted,
    told,
  };
}

describe('bisect', () => {
  it('finds what broke it, with one boot of each kernel but two of the bad end and the last good one', async () => {
    const end = await search(['+', '+', '+', '+', '+', '-', '-', '-']);
    expect(end).toMatchObject({ find: 'break', kind: 'found', before: '4', after: '5' });
    expect(end.booted).toEqual(['7', '0', '7', '3', '5', '4', '4']);
    expect(end.told.slice(-2)).toEqual([
      '4 ("Change 4"); 0 left after it; steps to go: about 0',
      '4 ("Change 4"); once more, to be sure',
    ]);
  });

  it('finds what fixed it if the old end is the bad one', async () => {
    const end = await search(['-', '-', '-', '+', '+']);
    expect(end).toMatchObject({ find: 'fix', kind: 'found', before: '2', after: '3' });
  });

  it('works around kernels that do not build, or are broken in another way', async () => {
    const end = await search(['+', '+', '+', '?', '!', '-', '-', '-', '-']);
    expect(end).toMatchObject({ kind: 'skips-left', before: '2', after: '5' });
    const other = await search(
      ['+', '+', '+', '+', '?', '!', '-', '+', '-'].with(7, '-').with(3, '-'),
    );
    expect(other).toMatchObject({ kind: 'found', before: '2', after: '3' });
  });

  it('boots kernels again if a fault shows only now and then, and is not misled', async () => {
    const flaky = '-+--+-++-+';
    const end = await search(['+', '+', '+', '++-', flaky, '+++-', flaky, flaky]);
    expect(end).toMatchObject({ kind: 'found', before: '2', after: '3' });
  });

  it('takes answers back if a later boot shows that they came too early', async () => {
    // The fault looks steady until 5, kept once, is booted again.
    const end = await search(['+', '+', '+', '+-', '-', '+-', '-', '-']);
    expect(end).toMatchObject({ kind: 'found', before: '2', after: '3' });
    expect(end.booted.slice(0, 7)).toEqual(['7', '0', '7', '3', '5', '6', '5']);
  });

  it('resumes after the boots of an earlier run, and repeats none', async () => {
    const signs = ['+', '+', '+', '+', '+', '-', '-', '-'];
    const all: Boot[] = [];
    const whole = await search(signs, { boots: all });
    for (let done = 0; done <= all.length; done++) {
      const end = await search(signs, { boots: all.slice(0, done) });
      expect(end).toMatchObject({ kind: 'found', after: '5' });
      expect(end.booted).toEqual(whole.booted.slice(done));
    }
  });

  it.each([
    { signs: '++', find: null, message: 'both ends keep the invariant, 0 ("Change 0") and 1' },
    { signs: '--', find: null, message: 'both ends break the invariant' },
    { signs: '-+', find: 'break', message: 'good and bad are swapped: 0 ("Change 0") breaks' },
    { signs: '+-', find: 'fix', message: 'or look for the break with --find' },
    { signs: '++', find: 'break', message: 'both ends keep the invariant' },
  ] as const)('refuses $signs, looking for $find: $message', async ({ signs, find, message }) => {
    const refused = search(signs.split(''), { find });
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
  });

  it('boots an end that was called bad until the fault shows, or surely does not', async () => {
    const end = await search(['+', '+', '++-'], { find: 'break' });
    expect(end).toMatchObject({ kind: 'found' });
  });

  it.each([
    ['the new end', ['+', '-', '?'], '1'],
    ['the old end', ['?', '+', '-'], '1'],
    ['an end whose fault is another one', ['!', '+', '-'], '1'],
  ])('gives no result without %s', async (_what, signs) => {
    expect(await search(signs, { find: 'break' })).toMatchObject({ kind: 'end-untold' });
  });

  it.each([
    { revert: '+', kind: 'proven', why: 'The new end without it: kept: as promised' },
    { revert: '-', kind: 'refuted', why: 'The new end without it: broken: 4 pages are free' },
    { revert: '?', kind: 'none', why: 'Without it: it does not build' },
    { revert: 'It is a merge', kind: 'none', why: 'It is a merge' },
  ])('proves what it found by reverting it: $kind', async ({ revert, kind, why }) => {
    const { proof } = await search(['+', '+', '-', '-'], { revert });
    expect(proof).toEqual({ kind, why });
  });
});
