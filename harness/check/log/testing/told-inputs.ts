// SPDX-License-Identifier: MIT
/** For tests: nothing is known of a machine but its log. */
import type { ToldInputs } from '../log-machine.ts';

export const NOTHING_TOLD: ToldInputs = {
  cmdline: null,
  append: [],
  trampolineSize: null,
  baseMemoryKiB: null,
  ebda: null,
  reserved: [],
  esrt: null,
};
