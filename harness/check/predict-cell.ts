// SPDX-License-Identifier: MIT
import { PAGE_SIZE } from '../memory/pfn.ts';
import type { PolicyId } from '../policy-id.ts';
import { type Prediction, predict } from '../model/prediction.ts';
import { type Seen, seenFrom } from '../seen.ts';
import { findKernelFailure } from './observe/kernel-failure.ts';
import type { Evidence } from './observe/evidence.ts';
import { type GivenInputs, findModelInputs } from './observe/model-inputs.ts';
import { seenTrampolineSize } from './observe/trampoline.ts';

/** The trampolines of all kernels, from the smallest to the largest, in bytes. */
const TRAMPOLINE_SIZES = [5, 6, 7, 8].map((pages) => pages * PAGE_SIZE);
/** That of Debian's kernels from 6.1 on. */
const USUAL_SIZE = 7 * PAGE_SIZE;

/**
 * Predicts what a kernel of that policy does with what this cell gave it, or says why that cannot be
 * predicted.
 */
export function predictCell(evidence: Evidence, policy: PolicyId): Seen<Prediction> {
  return seenFrom(findModelInputs(evidence), (given) => {
    const size = seenTrampolineSize(evidence);
    if (size.value !== null)
      return { value: predict({ ...given, trampolineSize: size.value }, policy) };
    const died = findKernelFailure(evidence)?.where === 'boot';
    return died ? predictForAnySize(given, policy) : size;
  });
}

/**
 * A kernel that died cannot tell how large its trampoline is. If every size leads to the same end, and
 * to the same owners of the pages that no trampoline takes, any size will do.
 */
function predictForAnySize(given: GivenInputs, policy: PolicyId): Seen<Prediction> {
  const usual = predict({ ...given, trampolineSize: USUAL_SIZE }, policy);
  const agree = TRAMPOLINE_SIZES.every((trampolineSize) =>
    isAlike(usual, predict({ ...given, trampolineSize }, policy)),
  );
  if (agree) return { value: usual };
  const why =
    'The kernel died before it could be asked how large its trampoline is, and all depends on it';
  return { value: null, why };
}

function isAlike(one: Prediction, other: Prediction): boolean {
  const samePages = one.pages.every(({ owner }, page) => {
    const owners = [owner, other.pages[page]?.owner];
    return owners[0] === owners[1] || owners.includes('trampoline');
  });
  return samePages && one.panic?.line === other.panic?.line;
}
