// SPDX-License-Identifier: MIT
import { vmcoreFile } from '../../bundle/evidence.ts';
import { type Check, broken, kept, notAsked, undecided, unseen } from './finding.ts';
import { findDisagreements } from '../observe/page-faults.ts';

/** `lowmem.at-crash` */
export const checkAtCrash: Check = ({ record, observation: { pagesAtCrash }, prediction }) => {
  const { crashkernel, trigger, truth, vmcore } = record.spec;
  if (trigger === 'none') return notAsked('The cell does not crash');
  if (truth === 'none' || vmcore === 'none')
    return notAsked('The cell does not look at its memory');
  const blind = crashkernel === null ? notAsked : unseen;
  if (pagesAtCrash === null) return blind('There is no vmcore');
  if (pagesAtCrash.value === null) return unseen(pagesAtCrash);
  if (prediction.value === null) return unseen(prediction);
  const faults = findDisagreements(prediction.value, pagesAtCrash.value, 'in the vmcore');
  const evidence = vmcoreFile(record.spec);
  if (faults) return broken(faults.why, { evidence, pages: faults.pages });
  const { doubt } = prediction.value;
  return doubt
    ? undecided(doubt)
    : kept('All 256 struct pages in the vmcore are as predicted', { evidence });
};
