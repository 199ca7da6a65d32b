// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type CellSpec, STANDARD_CELL } from '../bundle/cell-record.ts';
import { cellKey } from './cell-key.ts';

const SPEC: CellSpec = { ...STANDARD_CELL, kernel: 'debian:6.12' };

describe('cellKey()', () => {
  it('is the same in every release: histories go on', () => {
    expect(cellKey(SPEC)).toBe('1a884eb97f3b6c12');
    expect(cellKey({ ...SPEC, crashkernel: '256M', layout: 'x1c7' })).toBe('abbb927a774b6694');
  });

  it('does not depend on the order of fields, nor on a field that is as in every cell', () => {
    const turned = Object.fromEntries(Object.entries(SPEC).toReversed()) as CellSpec;
    expect(cellKey(turned)).toBe(cellKey(SPEC));
    const { strict: _strict, truth: _truth, ...older } = SPEC;
    expect(cellKey(older as CellSpec)).toBe(cellKey(SPEC));
  });

  it.each([
    { kernel: 'debian:6.13' },
    { crashkernel: '256M' },
    { layout: 'x1c7' },
    { cpus: 2 },
    { accel: 'tcg' },
    { policy: 'two-phase' },
    { strict: true },
    { append: 'nokaslr' },
  ] satisfies Partial<CellSpec>[])('changes with what was asked: %o', (change) => {
    expect(cellKey({ ...SPEC, ...change })).not.toBe(cellKey(SPEC));
  });
});
