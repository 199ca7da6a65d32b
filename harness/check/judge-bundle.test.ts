// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { digestOf, wholeDump } from '../vmcore/testing/flattened-builder.ts';
import {
  type BundleSpec,
  buildBundle,
  ended,
  overran,
  pageFlags,
  refused,
} from './testing/bundle-builder.ts';
import { judgeBundle } from './judge-bundle.ts';
import type { Judgement, Verdict } from './judgement.ts';

const WITH = { crashkernel: '256M' };
const USER_SPACE = '[ 2.9] Run /init as init process\n';
const HEARD_TWICE =
  'Linux version 6.12\nKernel panic - not syncing: sysrq triggered crash\nLinux version 6.12\nend\n';

function judge(bundle: BundleSpec, vmcore = wholeDump()): Judgement {
  return judgeBundle(buildBundle(bundle), digestOf(vmcore));
}

describe('a machine whose input changed on the host', () => {
  const changedInput = 'The input disk /c/input is not what it was: expected sha256 a, found b';

  it.each<[string, BundleSpec]>([
    ['a promise was seen broken', { files: { 'system/kpageflags': pageFlags({ free: [0] }) } }],
    ['it died at boot', { outcome: ended('boot') }],
    ['it left no vmcore', { spec: WITH, outcome: ended('capture') }],
    ['all was kept', {}],
  ])('proves nothing of its kernel, though %s', (_, spec) => {
    const bundle = buildBundle(spec);
    const before = judgeBundle(bundle, undefined).verdict;
    expect(before.kind).not.toBe('unjudged');
    const { verdict } = judgeBundle(
      { ...bundle, cell: { ...bundle.cell, changedInput } },
      undefined,
    );
    expect(verdict).toEqual({ kind: 'unjudged', code: 'E_INPUT', why: changedInput });
  });
});

describe('a seeded fault', () => {
  const files = { 'system/kpageflags': pageFlags({ free: [0] }) };
  const judgeFault = (caughtBy: string[], broken = true): Judgement => {
    const bundle = buildBundle(broken ? { files } : {});
    const fault = { name: 'page-0-released', caughtBy };
    return judgeBundle({ ...bundle, cell: { ...bundle.cell, fault } }, undefined);
  };

  it('is caught by an invariant that names it, and what it breaks is expected', () => {
    const { fault, invariants, verdict } = judgeFault(['lowmem.page0-kept']);
    expect(fault?.caught).toEqual(['lowmem.page0-kept']);
    expect(verdict.kind).toBe('match');
    const broken = invariants.filter(({ outcome }) => outcome === 'known');
    expect(broken.map(({ id }) => id)).toContain('lowmem.matches-model');
    expect(broken[0]?.known).toEqual({ reference: 'seeded fault page-0-released' });
  });

  it.each([
    { what: 'another invariant breaks', caughtBy: ['lowmem.locked'], broken: true },
    { what: 'nothing breaks', caughtBy: ['lowmem.page0-kept'], broken: false },
  ])('is missed when $what', ({ caughtBy, broken }) => {
    expect(judgeFault(caughtBy, broken).fault?.caught).toEqual([]);
  });
});

describe('a verdict', () => {
  it.each<{ when: string; bundle: BundleSpec; verdict: Verdict }>([
    { when: 'all was seen and kept', bundle: {}, verdict: { kind: 'match' } },
    {
      when: 'all was seen and kept, with crashkernel',
      bundle: { spec: WITH },
      verdict: { kind: 'match' },
    },
    {
      when: 'all was seen and kept, and the cell does not crash',
      bundle: { spec: { trigger: 'none' } },
      verdict: { kind: 'match' },
    },
    {
      when: 'all was seen and kept, with crashkernel, and the cell does not crash',
      bundle: { spec: { ...WITH, trigger: 'none' } },
      verdict: { kind: 'match' },
    },
    {
      when: 'an invariant is broken',
      bundle: { files: { 'system/kpageflags': pageFlags({ free: [0] }) } },
      verdict: {
        kind: 'mismatch',
        broken: ['lowmem.matches-model', 'lowmem.single-owner', 'lowmem.page0-kept'],
      },
    },
    {
      when: 'the model has nothing to predict from',
      bundle: { files: { 'system/kallsyms': null } },
      verdict: {
        kind: 'unjudged',
        code: 'E_EVIDENCE',
        why: 'Cannot see lowmem.matches-model: The cell left no system/kallsyms; CONFIG_KALLSYMS would show it',
      },
    },
    {
      when: 'the kernel panicked at boot',
      bundle: { outcome: ended('boot') },
      verdict: {
        kind: 'boot-failure',
        lastLine: '[    5.972072] Kernel panic - not syncing: sysrq triggered crash',
      },
    },
    {
      when: 'the kernel ended the machine with its first lines',
      bundle: { outcome: ended('firmware'), files: { 'console.log': 'Linux version 6\r\nX\r\n' } },
      verdict: { kind: 'boot-failure', lastLine: 'X' },
    },
    {
      when: 'the machine ended before the kernel spoke',
      bundle: { outcome: ended('firmware'), files: { 'console.log': 'UEFI' } },
      verdict: {
        kind: 'unjudged',
        code: 'E_GUEST_LINK',
        why: 'The machine ended in phase firmware (guest-reset)\n[ 1.0] last',
      },
    },
    {
      when: 'the kernel hangs at boot',
      bundle: {
        outcome: overran('boot', 30_000),
        files: { 'console.log': 'Linux version 6\nX\n' },
      },
      verdict: { kind: 'boot-failure', lastLine: 'X' },
    },
    {
      when: 'the kernel was only slow to boot',
      bundle: { outcome: overran('boot', 29_999) },
      verdict: {
        kind: 'unjudged',
        code: 'E_DEADLINE',
        why: 'Phase boot was not over after 60 s, the console was silent for the last 29.999 s\n[ 1.0] last',
      },
    },
    {
      when: 'the machine ended under the agent',
      bundle: { outcome: ended('observe') },
      verdict: { kind: 'mismatch', broken: ['boot.sound'] },
    },
    {
      when: 'the agent hangs',
      bundle: { outcome: overran('observe', 60_000) },
      verdict: {
        kind: 'unjudged',
        code: 'E_DEADLINE',
        why: 'Phase observe was not over after 60 s, the console was silent for the last 60 s\n[ 1.0] last',
      },
    },
    {
      when: 'the kernel refuses crashkernel',
      bundle: {
        spec: { crashkernel: '512M' },
        outcome: refused('load'),
      },
      verdict: { kind: 'mismatch', broken: ['kdump.reserved'] },
    },
    {
      when: 'the kernel refuses the capture kernel',
      bundle: { spec: WITH, outcome: refused('load') },
      verdict: { kind: 'mismatch', broken: ['kdump.captured'] },
    },
    {
      when: 'the agent cannot dump',
      bundle: { spec: WITH, outcome: refused('dump') },
      verdict: {
        kind: 'unjudged',
        code: 'E_GUEST_LINK',
        why: 'The agent could not do phase dump: kexec: no way',
      },
    },
    {
      when: 'the panic hangs',
      bundle: { spec: WITH, outcome: overran('capture', 60_000) },
      verdict: { kind: 'no-vmcore', phase: 'crash' },
    },
    {
      when: 'the capture kernel panics',
      bundle: { spec: WITH, outcome: ended('capture'), files: { 'console.log': HEARD_TWICE } },
      verdict: { kind: 'no-vmcore', phase: 'capture' },
    },
    {
      when: 'the panic hangs, the system kernel having reached user space',
      bundle: {
        spec: WITH,
        outcome: overran('capture', 60_000),
        files: { 'console.log': `Linux version 6\n${USER_SPACE}` },
      },
      verdict: { kind: 'no-vmcore', phase: 'crash' },
    },
    {
      when: 'the capture kernel hangs',
      bundle: {
        spec: WITH,
        outcome: overran('capture', 60_000),
        files: { 'console.log': HEARD_TWICE },
      },
      verdict: { kind: 'no-vmcore', phase: 'capture' },
    },
    {
      when: 'makedumpfile is silent for long',
      bundle: {
        spec: WITH,
        outcome: overran('dump', 60_000),
        files: { 'console.log': HEARD_TWICE + USER_SPACE },
      },
      verdict: {
        kind: 'unjudged',
        code: 'E_DEADLINE',
        why: 'Phase dump was not over after 60 s, the console was silent for the last 60 s\n[ 1.0] last',
      },
    },
    {
      when: 'user space hangs at boot',
      bundle: {
        outcome: overran('boot', 60_000),
        files: { 'console.log': `Linux version 6\n${USER_SPACE}` },
      },
      verdict: {
        kind: 'unjudged',
        code: 'E_DEADLINE',
        why: 'Phase boot was not over after 60 s, the console was silent for the last 60 s\n[ 1.0] last',
      },
    },
    {
      when: 'the panic hangs without crashkernel',
      bundle: { outcome: overran('trigger', 60_000) },
      verdict: { kind: 'mismatch', broken: ['panic.reboots'] },
    },
    {
      when: 'the host failed, and all that was seen is kept',
      bundle: {
        outcome: { kind: 'infra', phase: 'dump', code: 'E_HOST', message: 'No room on the disk' },
      },
      verdict: { kind: 'unjudged', code: 'E_HOST', why: 'In phase dump: No room on the disk' },
    },
    {
      when: 'nothing was left at all',
      bundle: {
        outcome: { kind: 'infra', phase: null, code: 'E_PACKAGE', message: 'No such kernel' },
      },
      verdict: { kind: 'unjudged', code: 'E_PACKAGE', why: 'No such kernel' },
    },
  ])('is $verdict.kind when $when', ({ bundle, verdict }) => {
    expect(judge(bundle).verdict).toEqual(verdict);
  });

  it('is the same each time, and survives JSON', () => {
    const judgement = judge({ spec: WITH });
    expect(judge({ spec: WITH })).toEqual(judgement);
    expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
  });

  it('is given on any garbage that a guest may leave', () => {
    const garbage = new Uint8Array(4096).map((_, index) => (index * 167) % 256);
    const { files } = buildBundle({ spec: WITH });
    const { verdict } = judge(
      { spec: WITH, files: Object.fromEntries([...files.keys()].map((path) => [path, garbage])) },
      garbage,
    );
    expect(verdict).toEqual({ kind: 'mismatch', broken: ['kdump.captured'] });
  });
});
