// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { findLogLine, lastLogLine } from './kernel-log.ts';

const LOG = '[ 0.1] a one\r\n[ 0.2] \u001b[31ma two\r\n[ 0.3] b\r\n\r\n\u0000';

describe('a kernel log', () => {
  it('returns the last line that matches, made printable', () => {
    expect(findLogLine(LOG, /a/)).toBe('[ 0.2] a two');
    expect(findLogLine(LOG, /a/, /one/)).toBe('[ 0.1] a one');
    expect(findLogLine(LOG, /a/, /b/)).toBeUndefined();
  });

  it('returns no more of a line than printk would write', () => {
    expect(findLogLine('a'.repeat(1e6), /a/)).toHaveLength(1024);
  });

  it('returns the last line that is not blank', () => {
    expect(lastLogLine(LOG)).toBe('[ 0.3] b');
    expect(lastLogLine('')).toBe('');
  });
});
