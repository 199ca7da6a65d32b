// SPDX-License-Identifier: MIT
import type { PageClass } from '../../memory/kpageflags.ts';
import type { DeadKernelFile } from '../dead-kernel.ts';

/** The kernel in `dead/kernel.json`, as the file has it. */
export type DeadKernelFields = Extract<
  DeadKernelFile['kernel'],
  { readonly value: object }
>['value'];

/** `dead/kernel.json` of a kernel that died at boot, all its low pages reserved, its trampoline at 0x98000. */
export function deadKernelFile(
  kernel: Partial<DeadKernelFields> = {},
  file: Partial<DeadKernelFile> = {},
): DeadKernelFile {
  const whole: DeadKernelFields = {
    role: 'system',
    image: { text: '0xffffffff81000000', paddr: '0x1000000', by: 'search' },
    release: { value: '6.12.43' },
    symbols: { value: 3 },
    layout: 'table',
    systemState: { value: 0 },
    log: { value: { records: 2 } },
    panic: null,
    lowPages: { value: Array.from({ length: 256 }, (): PageClass => 'reserved') },
    memblock: { value: null, why: 'gone' },
    trampoline: { value: { paddr: '0x98000', bytes: 0x6264, copied: true } },
    stacks: [stackOf('efi_enter_virtual_mode+0x10')],
    ...kernel,
  };
  return {
    schema: 1,
    phase: 'boot',
    how: 'machine-ended',
    seconds: 1.5,
    kernel: { value: whole },
    ...file,
  };
}

/** The stack of CPU 0, with one frame. */
export function stackOf(symbol: string): DeadKernelFields['stacks'][number] {
  const frames = [{ ip: '0xffffffff81000010', sp: '0xffffffff82000000', symbol }];
  return {
    cpu: 0,
    halted: false,
    trace: { value: { by: 'orc', frames, end: 'end of the stack' } },
  };
}
