// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { expand } from './expand.ts';
import { plannedRun, repeatId } from './planned-run.ts';
import { hash } from './testing/source-run-builder.ts';

const sub1m = { version: '0.1.0', code: hash('c'), model: hash('d') };
const TOLD = { run: 'r', at: '2026-11-29T22:00:00.000Z', sub1m, known: [], repeat: 1 };

const all = expand({ kernel: ['k'], cpus: [1, 2, 4] });
const [one] = all;
const cells = one ? [one] : [];

it('has the cells of the run, those of all shards, and those of the matrix', () => {
  const whole = { name: 'm', cells: all, planned: all.slice(0, 2), shard: '1/2', limit: 60 };
  expect(plannedRun({ ...TOLD, cells, whole })).toMatchObject({
    run: 'r',
    sub1m,
    matrix: { name: 'm', cells: all.map(({ id }) => id) },
    planned: all.slice(0, 2).map(({ id }) => id),
    chosen: [all[0]?.id],
    shard: '1/2',
    limit: 60,
  });
});

it('takes a run that is part of nothing for the whole', () => {
  const { matrix, planned, chosen, shard } = plannedRun({ ...TOLD, cells });
  expect([matrix.cells, planned, shard]).toEqual([chosen, chosen, null]);
});

it('has another hash where a cell of the same name asks for something else, or a defect is known', () => {
  const hashOf = (told: Partial<Parameters<typeof plannedRun>[0]>): string =>
    plannedRun({ ...TOLD, cells, ...told }).matrix.sha256;
  const other = cells.map((cell) => ({ ...cell, spec: { ...cell.spec, cpus: 8 } }));
  const known = [{ invariant: 'lowmem.locked', reference: 'r', kernels: '5.10' }] as never;
  expect(new Set([hashOf({}), hashOf({ cells: other }), hashOf({ known })]).size).toBe(3);
  expect(hashOf({ run: 'other', repeat: 3 })).toBe(hashOf({}));
});

it('names repeats', () => {
  expect([1, 2].map((nr) => repeatId('a', nr))).toEqual(['a', 'a.repeat-2']);
});
