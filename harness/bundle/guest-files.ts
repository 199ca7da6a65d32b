// SPDX-License-Identifier: MIT
import { type EvidenceFile, evidenceRow, isEvidenceFile } from './evidence.ts';

/** The evidence file that a guest sends under a name; undefined if it may not send one of that name. */
export function findGuestFile(role: 'system' | 'capture', name: string): EvidenceFile | undefined {
  const path = `${role}/${name}`;
  return isEvidenceFile(path) && evidenceRow(path).fromGuest ? path : undefined;
}
