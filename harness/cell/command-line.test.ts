// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { captureCmdline, systemCmdline } from './command-line.ts';
import { cellSpec } from './testing/running-cell-builder.ts';

it('asks for a crashkernel only where the cell has one, and appends what the user adds', () => {
  expect(systemCmdline(cellSpec({ crashkernel: null }))).toMatchInlineSnapshot(
    `"console=ttyS0,115200 earlyprintk=serial,ttyS0,115200 panic=-1 no_timer_check"`,
  );
  expect(
    systemCmdline(cellSpec({ crashkernel: '192M', append: 'nokaslr x=1' })),
  ).toMatchInlineSnapshot(
    `"console=ttyS0,115200 earlyprintk=serial,ttyS0,115200 panic=-1 no_timer_check crashkernel=192M nokaslr x=1"`,
  );
});

it('gives the capture kernel one CPU, and none of what the user adds', () => {
  expect(captureCmdline(cellSpec({ crashkernel: null }))).toBeNull();
  expect(
    captureCmdline(cellSpec({ crashkernel: '192M', append: 'nokaslr' })),
  ).toMatchInlineSnapshot(
    `"console=ttyS0,115200 earlyprintk=serial,ttyS0,115200 panic=-1 no_timer_check nr_cpus=1 reset_devices irqpoll sub1m.capture"`,
  );
});
