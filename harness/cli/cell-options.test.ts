// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { expect, it } from 'vitest';
import type { Axes } from '../matrix/expand.ts';
import { addCellOptions, givenAxes } from './cell-options.ts';

function axes(...args: readonly string[]): Partial<Axes> {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addCellOptions(command);
  command.parse(args, { from: 'user' });
  return givenAxes(command.opts());
}

it.each([
  { args: ['--load', 'kexec_load,kexec_file_load'], load: ['kexec_load', 'kexec_file_load'] },
  { args: ['--cpus', '1,2', '--cpus', '4'], cpus: [1, 2, 4] },
  { args: ['--layout', 'stock,thread-2021'], layout: ['stock', 'thread-2021'] },
  { args: ['--crashkernel', '256M,high'], crashkernel: ['256M,high'] },
  { args: ['--crashkernel', '256M', '--crashkernel', 'none'], crashkernel: ['256M', null] },
  { args: ['--append', 'earlyprintk=ttyS0,115200'], append: ['earlyprintk=ttyS0,115200'] },
])('takes several values of $args', ({ args, ...values }) => {
  expect(axes(...args)).toEqual(values);
});

it('refuses a list with one value that is none', () => {
  expect(() => axes('--load', 'kexec_load,kexec')).toThrow('Invalid option');
});
