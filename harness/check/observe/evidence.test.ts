// SPDX-License-Identifier: MIT
import { describe, expect, it, vi } from 'vitest';
import { FormatError } from '../../errors.ts';
import { buildEvidence } from '../testing/bundle-builder.ts';

describe('the evidence of a cell', () => {
  it('is parsed once, whoever asks', () => {
    const evidence = buildEvidence({ files: { 'system/cpus': '0-1\n' } });
    const parse = vi.fn<(text: string) => number>((text) => text.length);
    const other = vi.fn<(text: string) => string>((text) => text);
    const seen = [1, 2].map(() => evidence.parsed('system/cpus', parse));
    expect(seen).toEqual([{ value: 4 }, { value: 4 }]);
    expect(evidence.parsed('system/cpus', other)).toEqual({ value: '0-1\n' });
    expect(parse).toHaveBeenCalledTimes(1);
    expect(other).toHaveBeenCalledTimes(1);
    expect(evidence.efiMap).toBe(evidence.efiMap);
    expect(evidence.kallsyms).toBe(evidence.kallsyms);
  });

  it('gives the reason why a file cannot be read, or is not there', () => {
    const evidence = buildEvidence({ files: { 'system/iomem': null } });
    const fail = (): never => {
      throw new FormatError('Cannot read it: expected x, found y');
    };
    expect(evidence.read('system/cpus', fail)).toEqual({
      value: null,
      why: 'system/cpus: Cannot read it: expected x, found y',
    });
    expect(evidence.iomem).toEqual({ value: null, why: 'The cell left no system/iomem' });
  });

  it('is no shelter for a bug', () => {
    const bug = (): never => {
      throw new TypeError('a bug');
    };
    expect(() => buildEvidence().read('system/cpus', bug)).toThrow(TypeError);
  });
});
