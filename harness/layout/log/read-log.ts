// SPDX-License-Identifier: MIT
/**
 * Kernel logs as people have them: bytes → text → plain text → the lines of one boot → its maps and what it tells.
 *
 * The one rule: what is not understood is refused by its line. A map with a hole in it would be a wrong answer.
 * Start reading here; each step is a file.
 */
import { FormatError } from '../../errors.ts';
import type { MachineMaps } from '../../memory/machine-maps.ts';
import { withoutMap } from './foreign-logs.ts';
import { type Boot, findBoot } from './log-boots.ts';
import { type LogCauses, readCauses } from './log-causes.ts';
import { type LogMaps, readLogMaps } from './log-maps.ts';
import { plainLog } from './text-forms.ts';

/** One boot of a log. */
export interface LogReading {
  readonly maps: MachineMaps;
  readonly causes: LogCauses;
  /** How the log had to be read, for people: which boot, what was undone, what of it does not count. */
  readonly notes: readonly string[];
  /** The lines of that boot, as the kernel printed them. */
  readonly lines: readonly string[];
}

/**
 * Reads one boot of a log: the one with that number, else the last. Throws `FormatError` if it has no memory map, or
 * one that is not whole.
 */
export function parseLog(given: string, boot?: number): LogReading {
  const { text, forms } = plainLog(given);
  const found = findBoot(text, boot);
  if (!found) throw withoutMap(text.split('\n', 65_536));
  const { number, count, ofCaptureKernel } = found;
  const { e820, efiMap, notes } = readBoot(found);
  const others =
    count > 1 ? [`Boot ${number} of ${count} in the log; --boot <n> takes another`] : [];
  return {
    maps: { e820, efiMap, biosWords: { ebdaSegment: 0, baseMemoryKiB: 0 } },
    causes: readCauses(found.lines),
    notes: [
      ...(forms.length > 0 ? [`Undone in the log: ${forms.join(', ')}`] : []),
      ...others,
      ...(ofCaptureKernel ? ['This boot is of a capture kernel: its map is what kexec left'] : []),
      ...notes,
    ],
    lines: found.lines,
  };
}

/** A boot whose map is cut is none that another could stand for: the error says that there are others. */
function readBoot({ lines, number, count }: Boot): LogMaps {
  try {
    return readLogMaps(lines);
  } catch (error) {
    if (count === 1 || !(error instanceof FormatError)) throw error;
    const which = `it is of boot ${number} of ${count} in the log, --boot <n> takes another`;
    throw new FormatError(`${error.message}; ${which}`, { cause: error });
  }
}
