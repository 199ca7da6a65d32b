// SPDX-License-Identifier: MIT
/** The command that an HTML report gives for a cell runs that cell, and no other. */
import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { type CellSpec, STANDARD_CELL } from '../bundle/cell-record.ts';
import { reproduceCommand } from '../report/html/reproduce.ts';
import { STANDARDS, standardCells } from '../runner/standard-cells.ts';
import { addCellOptions, givenAxes } from './cell-options.ts';

/** A value for each field that is not the standard one. */
const OTHER: Omit<CellSpec, 'kernel'> = {
  crashkernel: '256M,high',
  layout: './my layouts/x.json',
  layoutBestEffort: true,
  ovmf: 'debian:12',
  load: 'kexec_load',
  trigger: 'serial-break',
  cpus: 3,
  memoryMiB: 2048,
  accel: 'tcg',
  vmcore: 'both',
  truth: 'none',
  append: "a=1,2 b='c' $(reboot)",
  policy: 'two-phase',
  strict: true,
  freshFirmware: true,
};

/** The cells that a shell, and then `sub1m check`, makes of a command. */
function cellsOf(command: string): CellSpec[] {
  const list = `set -- ${command}; printf '%s\\0' "$@"`;
  const [program, name, kernel = '', ...args] = execFileSync('sh', ['-c', list], {
    encoding: 'utf8',
  })
    .split('\0')
    .slice(0, -1);
  expect([program, name]).toEqual(['./sub1m', 'check']);
  const check = new Command().exitOverride();
  addCellOptions(check);
  check.parse(args, { from: 'user' });
  const axes = { ...STANDARDS.quick, ...givenAxes(check.opts()), kernel: [kernel] };
  return standardCells(axes).map(({ spec }) => spec);
}

it.each<Partial<CellSpec>>([
  {},
  { crashkernel: '192M' },
  { kernel: "recipe:two-phase-6.12+/tmp/it's.patch" },
  OTHER,
  ...(Object.keys(OTHER) as (keyof typeof OTHER)[]).map((field) => ({ [field]: OTHER[field] })),
])('%j', (words) => {
  const spec = { ...STANDARD_CELL, kernel: 'debian:6.12', ...words };
  expect(cellsOf(reproduceCommand(spec))).toEqual([spec]);
});

it('says no more than it must', () => {
  const spec = { ...STANDARD_CELL, kernel: 'debian:5.10', layout: 'thread-2021', cpus: 2 };
  expect(reproduceCommand(spec)).toBe(
    './sub1m check debian:5.10 --layout thread-2021 --crashkernel none --cpus 2',
  );
});
