// SPDX-License-Identifier: MIT
import { vmcoreFile } from '../../bundle/evidence.ts';
import { type Check, broken, kept, notAsked, unseen } from './finding.ts';
import { findDisagreements } from '../observe/page-faults.ts';

/** `lowmem.at-crash` */
export const checkAtCrash: Check = ({ record, observation: { pagesAtCrash }, prediction }) => {
  const { crashkernel, trigger, truth, vmcore } = record.spec;
  if (trigger === 'none') return notAsked('The cell does not crash');
  if (truth === 'none' || vmcore === 'none')
    return notAsked('The cell does not look at its memory');
  // Without CONFIG_FW_CFG_SYSFS a kernel does not tell QEMU where its VMCOREINFO is; a capture kernel knows.
  const blind = crashkernel === null ? notAsked : unseen;
  if (pagesAtCrash === null) return blind('There is no vmcore');
  if (pagesAtCrash.value === null) return blind(pagesAtCrash.why);
  if (prediction.value === null) return unseen(prediction);
  const faults = findDisagreements(prediction.value, pagesAtCrash.value, 'in the vmcore');
  const evidence = vmcoreFile(record.spec);
  return faults
    ? broken(faults.why, { evidence, pages: faults.pages })
    : kept('All 256 struct pages in the vmcore are as predicted', { evidence });
};
