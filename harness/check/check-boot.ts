// SPDX-License-Identifier: MIT
import { type Check, broken, kept, notAsked, unseen } from './finding.ts';
import { describeEnd, describeFailure, phaseEnded } from './kernel-failure.ts';

/** `boot.userspace` */
export const checkUserspace: Check = ({ record, failure }) => {
  const evidence = 'console.log';
  if (phaseEnded(record, 'boot')) return kept('The agent spoke', { evidence });
  if (failure?.where === 'boot') return broken(describeFailure(failure), { evidence });
  return unseen(describeEnd(record));
};

/** `boot.all-cpus` */
export const checkAllCpus: Check = ({ record, observation: { cpusOnline } }) => {
  if (cpusOnline.value === null) return unseen(cpusOnline.why);
  const why = `${cpusOnline.value} of ${record.spec.cpus} CPUs are online`;
  const verdict = cpusOnline.value === record.spec.cpus ? kept : broken;
  return verdict(why, { evidence: 'system/cpus' });
};

/** `panic.reboots` */
export const checkPanicReboots: Check = ({ record, failure }) => {
  const { outcome, spec } = record;
  const evidence = 'console.log';
  if (spec.crashkernel !== null) return notAsked('The cell is with crashkernel');
  if (failure?.where === 'crash') return broken(describeFailure(failure), { evidence });
  if (outcome.kind !== 'completed') return unseen(describeEnd(record));
  return outcome.cause === 'guest-reset'
    ? kept('The panic ended in a reset', { evidence })
    : broken(`The panic ended in ${outcome.cause}`, { evidence });
};
