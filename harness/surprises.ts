// SPDX-License-Identifier: MIT

/** What a guest did that guest/PROTOCOL.md does not foresee, in words. Silence is a phase that overran. */
export const SURPRISES = {
  'other-agent': 'an agent of another version spoke',
  'other-kernel': 'the agent of the other kernel spoke',
  'second-hello': 'an agent came up again',
  'other-answer': 'the agent answered what it was not asked',
  garbage: 'the agent gave an answer that cannot be right',
  'no-vmcore': 'the capture kernel came up and has no /proc/vmcore',
} as const;

/** See `SURPRISES`. */
export type Surprise = keyof typeof SURPRISES;

/** The names of all. */
export const SURPRISE_NAMES = Object.keys(SURPRISES) as [Surprise, ...Surprise[]];
