// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  type BundleSpec,
  buildBundle,
  diedSaying,
  ended,
  overran,
} from './testing/bundle-builder.ts';
import { judgeBundle } from './judge-bundle.ts';
import type { InvariantOutcome, Judgement } from './judgement.ts';
import { type DeadKernelFields, deadKernelFile } from '../bundle/testing/dead-kernel-builder.ts';
import type { PageClass } from '../memory/kpageflags.ts';

const LOG = '[    0.000000] Linux version 6.12.43\n[    0.5] efi: late\n';
const SYMBOLS =
  'ffffffff82000000 T reserve_real_mode\nffffffff83000000 D real_mode_blob\nffffffff83006264 D real_mode_blob_end\n';
const NOT_YET = { value: null, why: 'the kernel had not made its struct pages yet' } as const;

function deadFile(changes: Partial<DeadKernelFields> = {}): string {
  return JSON.stringify(deadKernelFile(changes));
}

function freeing(...pages: readonly number[]): Partial<DeadKernelFields> {
  const classes = Array.from({ length: 256 }, (_, page): PageClass =>
    pages.includes(page) ? 'free' : 'reserved',
  );
  return { lowPages: { value: classes } };
}

/** A cell whose kernel died, or hung, in phase boot. */
function died(
  changes: Partial<DeadKernelFields> = {},
  rest: BundleSpec = {},
  log = LOG,
): Judgement {
  const files = {
    ...diedSaying(LOG),
    'dead/kernel.json': deadFile(changes),
    'dead/dmesg': log,
    'dead/kallsyms': SYMBOLS,
    'system/boot-params': null,
    ...rest.files,
  };
  return judgeBundle(buildBundle({ outcome: ended('boot'), ...rest, files }), undefined);
}

function outcomeOf({ invariants }: Judgement, id: string): Partial<InvariantOutcome> {
  const { outcome, why, evidence } = invariants.find((one) => one.id === id) ?? {};
  return { outcome, why, evidence } as Partial<InvariantOutcome>;
}

describe('a kernel that died', () => {
  it('is a boot failure that names the promise it broke', () => {
    const judgement = died(freeing(0x98));
    expect(judgement.verdict).toEqual({ kind: 'boot-failure', lastLine: '[    0.5] efi: late' });
    expect(judgement.policy).toMatchObject({ id: 'reserve-1m' });
    expect(outcomeOf(judgement, 'lowmem.single-owner')).toEqual({
      outcome: 'broken',
      why: "1 page: free, but the trampoline's too",
      evidence: 'dead/kernel.json',
    });
    expect(judgement.observation.deadStack).toEqual(['efi_enter_virtual_mode+0x10']);
  });

  it('broke its lock if a page is free under it', () => {
    const judgement = died(freeing(0x20), { spec: { crashkernel: '256M' } });
    expect(outcomeOf(judgement, 'lowmem.locked')).toMatchObject({
      outcome: 'broken',
      evidence: 'dead/kernel.json',
    });
  });

  it('has not shown what it would have kept', () => {
    const judgement = died();
    expect(outcomeOf(judgement, 'lowmem.page0-kept')).toMatchObject({
      outcome: 'unseen',
      why: 'When it died: The page allocator does not have page 0',
    });
    expect(outcomeOf(judgement, 'lowmem.matches-model')).toMatchObject({
      outcome: 'unseen',
      why: 'It died before each page had its owner',
    });
  });

  it('shows no page before there are struct pages', () => {
    const judgement = died({ lowPages: NOT_YET });
    expect(outcomeOf(judgement, 'lowmem.page0-kept')).toMatchObject({
      outcome: 'unseen',
      why: NOT_YET.why,
    });
  });

  it('is judged by its log in memory, where the console lost it', () => {
    const log = `${LOG}[    0.6] list_del corruption. x\n`;
    const { verdict } = died({}, { outcome: overran('boot', 0) }, log);
    expect(verdict).toEqual({ kind: 'boot-failure', lastLine: '[    0.6] list_del corruption. x' });
  });

  it('is at fault although the console is empty', () => {
    const files = { 'console.log': 'UEFI' };
    const { verdict } = died({}, { outcome: overran('firmware', 60_000), files });
    expect(verdict).toEqual({ kind: 'boot-failure', lastLine: '[    0.5] efi: late' });
  });

  it('is not found where there is none', () => {
    const files = { 'console.log': 'UEFI', 'dead/kernel.json': null, 'dead/dmesg': null };
    const { verdict } = died({}, { outcome: overran('firmware', 60_000), files });
    expect(verdict).toMatchObject({ kind: 'unjudged', code: 'E_DEADLINE' });
  });

  it('says nothing of the system kernel if it was the capture kernel', () => {
    const judgement = died({ role: 'capture', ...freeing(0x98) });
    expect(outcomeOf(judgement, 'lowmem.single-owner')).toMatchObject({
      outcome: 'unseen',
      why: 'The cell left no system/kpageflags',
    });
  });

  it('is refused as garbage', () => {
    const judgement = died({}, { files: { 'dead/kernel.json': '{"schema":1}' } });
    expect(judgement.verdict.kind).toBe('boot-failure');
    expect(outcomeOf(judgement, 'lowmem.single-owner')).toMatchObject({ outcome: 'unseen' });
  });
});

it('a capture kernel that hangs in silence is told by its memory', () => {
  const console = 'Linux version 6.12\nKernel panic - not syncing: sysrq triggered crash\n';
  const bundle = buildBundle({
    spec: { crashkernel: '256M' },
    outcome: overran('capture', 60_000),
    files: {
      'console.log': console,
      'dead/kernel.json': deadFile({ role: 'capture' }),
      'dead/dmesg': LOG,
    },
  });
  expect(judgeBundle(bundle, undefined).verdict).toEqual({ kind: 'no-vmcore', phase: 'capture' });
});
