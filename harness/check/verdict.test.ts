// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { CellDefect, Outcome } from '../bundle/cell-record.ts';
import { digestOf, wholeDump } from '../vmcore/testing/flattened-builder.ts';
import {
  type BundleSpec,
  buildBundle,
  ended,
  overran,
  pageFlags,
  refused,
} from './testing/bundle-builder.ts';
import type { InvariantId } from './invariants/invariants.ts';
import { lowMemoryBytes } from './testing/low-memory-builder.ts';
import { judgeBundle } from './judge-bundle.ts';
import type { Judgement, Verdict } from './judgement.ts';

const WITH = { crashkernel: '256M' };
/** It breaks `boot.all-cpus`. */
const ONE_CPU = { 'system/cpus': '0\n' };
/** It breaks `panic.reboots`. */
const HEARD_TWICE =
  'Linux version 6.12\nKernel panic - not syncing: sysrq triggered crash\nLinux version 6.12\nend\n';
const NO_REBOOT: Outcome = { kind: 'completed', cause: 'guest-shutdown' };
const UNBOOTED: Verdict = {
  kind: 'boot-failure',
  lastLine: '[    5.972072] Kernel panic - not syncing: sysrq triggered crash',
};

function judge(bundle: BundleSpec, known: readonly CellDefect[]): Judgement {
  const { cell, ...rest } = buildBundle(bundle);
  const record = { ...cell, known: [...known] };
  return judgeBundle({ cell: record, ...rest }, digestOf(wholeDump()));
}

function listed(...ids: InvariantId[]): CellDefect[] {
  return ids.map((invariant) => ({ invariant, reference: `https://bugs/${invariant}` }));
}

describe('a cell with known defects', () => {
  it.each<{ when: string; bundle: BundleSpec; known: InvariantId[]; verdict: Verdict }>([
    {
      when: 'all that is broken is known',
      bundle: { files: ONE_CPU, outcome: NO_REBOOT },
      known: ['panic.reboots', 'boot.all-cpus'],
      verdict: { kind: 'match' },
    },
    {
      when: 'something else is broken too',
      bundle: { files: ONE_CPU, outcome: NO_REBOOT },
      known: ['boot.all-cpus'],
      verdict: { kind: 'mismatch', broken: ['panic.reboots'] },
    },
    {
      when: 'none of them shows any more',
      bundle: {},
      known: ['boot.all-cpus', 'panic.reboots'],
      verdict: { kind: 'match' },
    },
    {
      when: 'the known one is broken and another cannot be seen',
      bundle: { files: { ...ONE_CPU, 'system/kallsyms': null } },
      known: ['boot.all-cpus'],
      verdict: {
        kind: 'unjudged',
        code: 'E_EVIDENCE',
        why: 'Cannot see lowmem.matches-model: The cell left no system/kallsyms; CONFIG_KALLSYMS would show it',
      },
    },
    {
      when: 'the host failed',
      bundle: {
        outcome: { kind: 'infra', phase: 'dump', code: 'E_HOST', message: 'No room on the disk' },
        files: ONE_CPU,
      },
      known: ['boot.all-cpus', 'panic.reboots'],
      verdict: { kind: 'unjudged', code: 'E_HOST', why: 'In phase dump: No room on the disk' },
    },
    {
      when: 'it does not boot, and that is known',
      bundle: { outcome: ended('boot') },
      known: ['boot.userspace'],
      verdict: UNBOOTED,
    },
    {
      when: 'it gives no vmcore, and that is known',
      bundle: { spec: WITH, outcome: overran('capture', 60_000) },
      known: ['kdump.captured'],
      verdict: { kind: 'no-vmcore', phase: 'crash' },
    },
    {
      when: 'the capture kernel is refused, and that is known',
      bundle: { spec: WITH, outcome: refused('load') },
      known: ['kdump.captured'],
      verdict: { kind: 'match' },
    },
    {
      when: 'crashkernel is refused, and that is known',
      bundle: { spec: { crashkernel: '512M' }, outcome: refused('load') },
      known: ['kdump.reserved'],
      verdict: { kind: 'match' },
    },
    {
      when: 'the capture kernel is refused as known, and something else is broken',
      bundle: { spec: WITH, outcome: refused('load'), files: ONE_CPU },
      known: ['kdump.captured'],
      verdict: { kind: 'mismatch', broken: ['boot.all-cpus'] },
    },
    {
      when: 'the capture kernel is refused as known, and what came before cannot be seen',
      bundle: { spec: WITH, outcome: refused('load'), files: { 'system/kallsyms': null } },
      known: ['kdump.captured'],
      verdict: {
        kind: 'unjudged',
        code: 'E_EVIDENCE',
        why: 'Cannot see lowmem.matches-model: The cell left no system/kallsyms; CONFIG_KALLSYMS would show it',
      },
    },
    {
      when: 'the panic hangs without crashkernel, and that is known',
      bundle: { outcome: overran('trigger', 60_000) },
      known: ['panic.reboots'],
      verdict: { kind: 'match' },
    },
    {
      when: 'the panic hangs without crashkernel, and something else is known',
      bundle: { outcome: overran('trigger', 60_000), files: ONE_CPU },
      known: ['boot.all-cpus'],
      verdict: { kind: 'mismatch', broken: ['panic.reboots'] },
    },
    {
      when: 'the agent hangs, and what it showed is known',
      bundle: { outcome: overran('observe', 60_000), files: ONE_CPU },
      known: ['boot.all-cpus', 'panic.reboots'],
      verdict: {
        kind: 'unjudged',
        code: 'E_DEADLINE',
        why: 'Phase observe was not over after 60 s, the console was silent for the last 60 s\n[ 1.0] last',
      },
    },
  ])('is $verdict.kind when $when', ({ bundle, known, verdict }) => {
    expect(judge(bundle, listed(...known)).verdict).toEqual(verdict);
  });

  it.each<{ id: InvariantId; bundle: BundleSpec; outcome: string }>([
    { id: 'boot.all-cpus', bundle: { files: ONE_CPU }, outcome: 'known' },
    { id: 'boot.all-cpus', bundle: {}, outcome: 'kept' },
    { id: 'lowmem.locked', bundle: {}, outcome: 'not-asked' },
    { id: 'boot.userspace', bundle: { outcome: ended('boot') }, outcome: 'known' },
  ])('has $id $outcome, with its reference', ({ id, bundle, outcome }) => {
    const { invariants } = judge(bundle, listed(id));
    const reference = `https://bugs/${id}`;
    expect(invariants.find((invariant) => invariant.id === id)).toMatchObject({
      outcome,
      known: { reference },
    });
    expect(invariants.filter(({ known }) => known !== null)).toHaveLength(1);
  });

  it('refers to all that list one invariant, to each once', () => {
    const { invariants } = judge({}, [
      { invariant: 'lowmem.page0-kept', reference: 'a' },
      { invariant: 'lowmem.page0-kept', reference: 'b' },
      { invariant: 'lowmem.page0-kept', reference: 'a' },
    ]);
    const page0 = invariants.find(({ id }) => id === 'lowmem.page0-kept');
    expect(page0?.known).toEqual({ reference: 'a, b' });
  });
});

describe('a cell that is cut short', () => {
  it.each<{ when: string; bundle: BundleSpec; verdict: Verdict }>([
    {
      when: 'the host failed after a promise was seen broken',
      bundle: {
        outcome: { kind: 'infra', phase: 'dump', code: 'E_HOST', message: 'No room on the disk' },
        files: { 'system/kpageflags': pageFlags({ free: [0] }) },
      },
      verdict: {
        kind: 'mismatch',
        broken: ['lowmem.matches-model', 'lowmem.single-owner', 'lowmem.page0-kept'],
        cutShort: { kind: 'unjudged', code: 'E_HOST', why: 'In phase dump: No room on the disk' },
      },
    },
    {
      when: 'the agent was lost after a promise was seen broken',
      bundle: {
        outcome: overran('observe', 60_000),
        files: { 'system/kpageflags': pageFlags({ free: [0] }) },
      },
      verdict: {
        kind: 'mismatch',
        broken: ['lowmem.matches-model', 'lowmem.single-owner', 'lowmem.page0-kept'],
        cutShort: {
          kind: 'unjudged',
          code: 'E_DEADLINE',
          why: 'Phase observe was not over after 60 s, the console was silent for the last 60 s\n[ 1.0] last',
        },
      },
    },
    {
      when: 'a boot without end prints list corruption',
      bundle: {
        outcome: overran('boot', 0),
        files: { 'console.log': 'Linux version 6\nlist_del corruption. x\nY\n' },
      },
      verdict: { kind: 'boot-failure', lastLine: 'list_del corruption. x' },
    },
    {
      when: 'the kernel panics while the capture kernel is loaded',
      bundle: {
        spec: WITH,
        outcome: ended('load'),
        files: { 'console.log': 'Linux version 6\nKernel panic - not syncing: b\n' },
      },
      verdict: { kind: 'mismatch', broken: ['boot.sound'] },
    },
    {
      when: 'the capture kernel has no vmcore',
      bundle: {
        spec: WITH,
        outcome: {
          kind: 'surprise',
          phase: 'capture',
          surprise: 'no-vmcore',
          why: 'Cannot follow the guest',
          lastLines: [],
        },
        files: { 'console.log': HEARD_TWICE },
      },
      verdict: { kind: 'no-vmcore', phase: 'capture' },
    },
  ])('is $verdict.kind when $when', ({ bundle, verdict }) => {
    expect(judge(bundle, []).verdict).toEqual(verdict);
  });
});

describe('a cell whose kernel hides a promise', () => {
  const noTrampoline = {
    'system/real-mode.json': null,
    'jump/low1m.bin': lowMemoryBytes({ end: null }),
  };
  const noVariables = 'ffffffff81000000 T _text\nffffffff82000000 T reserve_real_mode\n';
  const why = (what: string): string => `${what}; CONFIG_KALLSYMS_ALL would show it`;
  const cannot = (id: string): string =>
    why(
      `Cannot see lowmem.${id}: The cell left no system/real-mode.json; low memory has the bytes of 0 trampolines`,
    );
  const MODEL = why(
    'Cannot see lowmem.matches-model: system/kallsyms: expected addresses of real_mode_blob and real_mode_blob_end; low memory has the bytes of 0 trampolines',
  );

  it.each<{ when: string; bundle: BundleSpec; verdict: Verdict }>([
    {
      when: 'it hides one that is not the core',
      bundle: { files: noTrampoline },
      verdict: { kind: 'match' },
    },
    {
      when: 'it hides one, and the cell is strict',
      bundle: { spec: { strict: true }, files: noTrampoline },
      verdict: {
        kind: 'unjudged',
        code: 'E_EVIDENCE',
        why: `${cannot('single-owner')}\n${cannot('trampoline')}`,
      },
    },
    {
      when: 'it hides the core',
      bundle: { files: { ...noTrampoline, 'system/kallsyms': noVariables } },
      verdict: { kind: 'unjudged', code: 'E_EVIDENCE', why: MODEL },
    },
  ])('is $verdict.kind when $when', ({ bundle, verdict }) => {
    expect(judge(bundle, []).verdict).toEqual(verdict);
  });
});
