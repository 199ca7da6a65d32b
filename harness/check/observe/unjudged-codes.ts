// SPDX-License-Identifier: MIT

interface UnjudgedRow {
  /** Whether the machine was not the one that was asked for: what it showed does not count. */
  readonly isOtherMachine: boolean;
  /** Whether another boot may be judged. */
  readonly mayPass: boolean;
  /** Whether a run boots the cell once more at once. */
  readonly isRunAgain: boolean;
}

/** The codes of cells that cannot be judged although nothing failed; any other code is that of an error. */
const UNJUDGED_CODES = {
  /** Something that was asked was not seen. */
  E_EVIDENCE: { isOtherMachine: false, mayPass: false, isRunAgain: false },
  /** OVMF did not get the cell's layout in full. */
  E_PERSONALITY: { isOtherMachine: true, mayPass: false, isRunAgain: false },
  /** A file that the machine was given changed under way, on the host. */
  E_INPUT: { isOtherMachine: true, mayPass: true, isRunAgain: true },
  /** The machine did not come from its saved firmware to its kernel: it boots its firmware instead. */
  E_FIRMWARE: { isOtherMachine: true, mayPass: true, isRunAgain: true },
  /** The kernel died of something that no CPU does. */
  E_EMULATOR: { isOtherMachine: true, mayPass: true, isRunAgain: true },
  /** A phase was not over in time on a host that let the machine have too little. Errors of the host have it, too. */
  E_HOST: { isOtherMachine: false, mayPass: true, isRunAgain: false },
  /** A phase was not over in time on a machine that lost a timer; what was seen before counts. */
  E_TIMER: { isOtherMachine: false, mayPass: true, isRunAgain: true },
} as const satisfies Record<`E_${string}`, UnjudgedRow>;

/** See `UNJUDGED_CODES`. */
type UnjudgedCode = keyof typeof UNJUDGED_CODES;

const OF_ERRORS: UnjudgedRow = { isOtherMachine: false, mayPass: true, isRunAgain: false };

/** What a code says of the cell. An error is the harness's or the host's: another boot may be judged. */
export function unjudgedRow(code: string): UnjudgedRow {
  return Object.hasOwn(UNJUDGED_CODES, code) ? UNJUDGED_CODES[code as UnjudgedCode] : OF_ERRORS;
}

/** A verdict with one of these codes. */
export function unjudgedBy(
  code: UnjudgedCode,
  why: string,
): { readonly kind: 'unjudged'; readonly code: UnjudgedCode; readonly why: string } {
  return { kind: 'unjudged', code, why };
}
