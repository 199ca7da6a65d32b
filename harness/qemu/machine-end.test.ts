// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { ProcessError } from '../errors.ts';
import { decisiveLine, endError } from './machine-end.ts';

const ABORTED = `qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.01H:ECX.pni [bit 0]
qemu-system-x86_64: error: failed to set MSR 0x10a to 0x69
qemu-system-x86_64: ../../target/i386/kvm/kvm.c:3183: kvm_buf_set_msrs: Assertion \`ret' failed.`;

it.each([
  {
    title: 'the first error after warnings',
    stderr: ABORTED,
    line: 'failed to set MSR 0x10a to 0x69',
  },
  {
    title: 'what has no prefix',
    stderr: 'KVM internal error. Suberror: 1\nextra data[0]: 0x1',
    line: 'KVM internal error. Suberror: 1',
  },
  { title: 'nothing', stderr: '', line: 'it said nothing' },
])('finds decisive $title', ({ stderr, line }) => {
  expect(decisiveLine(stderr)).toBe(line);
});

it.each([
  {
    end: { exitCode: undefined, signal: 'SIGABRT', stderr: ABORTED },
    message: `Cannot start QEMU: QEMU ended with SIGABRT: failed to set MSR 0x10a to 0x69\n${ABORTED}`,
  },
  {
    end: { exitCode: 1, signal: undefined, stderr: '' },
    message: 'Cannot start QEMU: QEMU ended with exit status 1: it said nothing',
  },
  {
    end: { exitCode: undefined, signal: undefined, stderr: 'spawn setpriv ENOENT' },
    message:
      'Cannot start QEMU: QEMU ended with no process: spawn setpriv ENOENT\nspawn setpriv ENOENT',
  },
])('says "$message"', ({ end, message }) => {
  expect(endError('start QEMU', end)).toEqual(new ProcessError(message));
});
