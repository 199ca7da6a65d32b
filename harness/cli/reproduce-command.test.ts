// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { type Axes, expandSpecs } from '../matrix/expand.ts';
import { reproduceCommand } from '../report/reproduce-command.ts';
import { addCellOptions, givenAxes } from './cell-options.ts';

/** The cells that a command line for a shell asks for. */
function cellsOf(line: string): unknown[] {
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  const [program, name, kernel = '', ...options] = words.split('\0').slice(0, -1);
  expect([program, name]).toEqual(['sub1m', 'check']);
  const command = new Command('check');
  addCellOptions(command);
  command.parse(options, { from: 'user' });
  return expandSpecs({ ...givenAxes(command.opts()), kernel: [kernel] });
}

it.each<Partial<Axes>>([
  {},
  { crashkernel: ['256M,high'], layout: ['thread-2021'], cpus: [2], load: ['kexec_load'] },
  { append: ["a='b c' $(touch owned), d"], strict: [true], layoutBestEffort: [true] },
  { freshFirmware: [true] },
  { memoryMiB: [2048], accel: ['tcg'], vmcore: ['both'], truth: ['none'], policy: ['two-phase'] },
  { trigger: ['serial-break'], ovmf: ['debian:2022.11-6'] },
])('is read as the cell that it is made from: %j', (axes) => {
  const kernel = ["recipe:two-phase-6.12+~/it's.patch"];
  const [spec] = expandSpecs({ ...axes, kernel });
  if (!spec) throw new Error('Expected a cell');
  expect(cellsOf(reproduceCommand(spec))).toEqual([spec]);
});
