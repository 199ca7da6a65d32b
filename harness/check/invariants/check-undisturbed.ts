// SPDX-License-Identifier: MIT
import { hex } from '../../memory/pfn.ts';
import { notCaptured } from './check-kdump.ts';
import { NO_TRUTH, apart, named } from './check-crashed-memory.ts';
import { type Check, broken, kept, notAsked, unseen } from './finding.ts';

/** `kdump.undisturbed` */
export const checkUndisturbed: Check = ({ record, observation: { memory } }) => {
  const blind = notCaptured(record);
  if (blind?.outcome === 'not-asked') return blind;
  if (memory === null) return NO_TRUTH;
  // It shows at the jump, whatever becomes of the capture kernel.
  if (memory.value === null) return blind ?? unseen(memory);
  const { disturbed, vmcoreinfoCopy: copy } = memory.value;
  if (disturbed === null)
    return notAsked('Memory was not looked at when the capture kernel was loaded');
  // One page is the copy's: if more changed, another was written to.
  if (copy.value === null && disturbed.count === 1) return unseen(copy);
  const evidence = 'load/page-crcs.gz';
  const copies = copy.value === null ? [] : [{ page: copy.value, what: 'its copy of VMCOREINFO' }];
  const [others, own] = apart(disturbed, copies);
  const but = own.map(({ page, what }) => `, but for ${what} (page ${hex(page)})`).join('');
  return others.count === 0
    ? kept(`The crashkernel memory is at the kexec jump as it was loaded${but}`, { evidence })
    : broken(
        `Since the capture kernel was loaded ${named(others)} of the crashkernel memory changed`,
        { evidence },
      );
};
