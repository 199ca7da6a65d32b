// SPDX-License-Identifier: MIT
import type { Prediction } from '../../model/prediction.ts';
import { type Check, broken, kept, notAsked, unseen } from './finding.ts';
import { type KernelFailure, describeEnd, describeFailure } from '../observe/kernel-failure.ts';
import { phaseEnded } from '../observe/phase-ended.ts';

/** `boot.userspace` */
export const checkUserspace: Check = ({ record, failure, prediction }) => {
  const evidence = 'console.log';
  if (phaseEnded(record, 'boot')) return kept('The agent spoke', { evidence });
  if (failure?.where !== 'boot') return unseen(describeEnd(record));
  const said = prediction.value ? [whatTheModelSays(prediction.value, failure)] : [];
  return broken([describeFailure(failure), ...said].join('; '), { evidence });
};

/** Why a policy leads to a panic, by the kernel function that stops it. */
const PANICS: Readonly<Record<string, string>> = {
  init_real_mode: 'finds no place for the trampoline',
  efi_free_boot_services: 'frees ranges that memblock could not reserve',
  setup_real_mode: "copies the trampoline over memblock's own list",
};

/**
 * A panic that the model predicts is a defect all the same, but of the policy: neither the machine nor
 * the run is to blame.
 */
function whatTheModelSays(
  { policy, panic, doubt }: Prediction,
  { lastLine }: KernelFailure,
): string {
  if (doubt?.panic) return `the model of ${policy} cannot tell: ${doubt.why}`;
  if (!panic) return `not predicted by the model of ${policy}`;
  const { line, orBefore = line, orHangs = line } = panic;
  if (![line, orBefore, orHangs].some((one) => lastLine.includes(one))) {
    return `not predicted by the model of ${policy}, which has "${line}"`;
  }
  const how = `${panic.step} ${PANICS[panic.step] ?? 'stops the kernel'}`;
  return `the model of ${policy} predicts this: ${how}, a defect of this kernel's policy, not of the run`;
}

/** `boot.sound` */
export const checkSound: Check = ({ record, failure, observation: { damage } }) => {
  const { outcome, spec } = record;
  const evidence = 'console.log';
  if (failure?.where === 'boot') return notAsked('It does not reach user space');
  if (damage !== null) return broken(damage, { evidence });
  if (failure?.where === 'running') return broken(describeFailure(failure), { evidence });
  if (outcome.kind === 'completed' && spec.trigger === 'none' && outcome.cause === 'guest-reset')
    return broken('It was to power off, and was reset', { evidence });
  const hasRun = outcome.kind === 'completed' || outcome.kind === 'refused';
  return hasRun || phaseEnded(record, 'load')
    ? kept('It ran on until it was told to crash or to power off', { evidence })
    : unseen(describeEnd(record));
};

/** `boot.all-cpus` */
export const checkAllCpus: Check = ({ record, observation: { cpusOnline } }) => {
  if (cpusOnline.value === null) return unseen(cpusOnline);
  const why = `${cpusOnline.value} of ${record.spec.cpus} CPUs are online`;
  const verdict = cpusOnline.value === record.spec.cpus ? kept : broken;
  return verdict(why, { evidence: 'system/cpus' });
};

/** `panic.reboots` */
export const checkPanicReboots: Check = ({ record, failure }) => {
  const { outcome, spec } = record;
  const evidence = 'console.log';
  if (spec.crashkernel !== null) return notAsked('The cell is with crashkernel');
  if (spec.trigger === 'none') return notAsked('The cell does not crash');
  if (failure?.where === 'crash') return broken(describeFailure(failure), { evidence });
  if (outcome.kind !== 'completed') return unseen(describeEnd(record));
  return outcome.cause === 'guest-reset'
    ? kept('The panic ended in a reset', { evidence })
    : broken(`The panic ended in ${outcome.cause}`, { evidence });
};
