// SPDX-License-Identifier: MIT
import type { Merge, SourceRun } from '../../matrix/merged-run.ts';
import { counted } from '../../memory/counted.ts';
import { printableText } from '../../memory/printable-text.ts';
import { renderSeconds } from './style.ts';

/** What a report says of a merge under one heading. */
export interface MergePart {
  readonly title: string;
  /** Whether something is wrong that a reader must not overlook. */
  readonly isBad: boolean;
  readonly lines: readonly string[];
}

/** Lines of a part that are shown; `run.json` has all. */
const SHOWN_LINES = 40;

/** What is to be said of a merge, the worst first; parts of which there is nothing are left out. */
export function mergeParts(merge: Merge): MergePart[] {
  const { runs, missing, absentShards, unread, repeats, mixed, notes } = merge;
  const shards =
    absentShards.length === 0 ? '' : `; there is no run of shard ${absentShards.join(', ')}`;
  const repeated = repeats.map(({ cell, samples, agreement }) => {
    return `${cell}: ${counted(samples.length, 'sample')}, ${AGREEMENT[agreement]}`;
  });
  const flaky = repeats.some(({ agreement }) => agreement !== 'same');
  const parts: MergePart[] = [
    {
      title: `Missing: ${counted(missing.length, 'cell')}${shards}`,
      isBad: true,
      lines: missing.map(({ cell, why }) => `${cell}: ${why}`),
    },
    {
      title: 'Not read',
      isBad: true,
      lines: unread.map(({ source, why }) => (why.includes(source) ? why : `${source}: ${why}`)),
    },
    { title: 'Mixed, as was asked for', isBad: true, lines: mixed },
    { title: 'Run more than once', isBad: flaky, lines: repeated },
    {
      title: `Merged from ${counted(runs.length, 'run')}`,
      isBad: false,
      lines: [...runs.map(runLine), ...notes],
    },
  ];
  return parts
    .filter(({ lines }) => lines.length > 0)
    .map(({ lines, ...part }) => ({ ...part, lines: fewer(lines).map(printableText) }));
}

const AGREEMENT = {
  same: 'judged alike',
  differs: 'judged differently, but not on the same image or not to the end',
  flaky: 'FLAKY: judged differently on the same image',
} as const;

function runLine({ source, plan, cells }: SourceRun): string {
  const found = `${source}: ${counted(cells.length, 'cell')}`;
  if (plan === null) return found;
  const { matrix, shard, limit, sub1m } = plan;
  const facts = [
    ...(shard === null ? [] : [`shard ${shard}`]),
    ...(limit === null ? [] : [`limit ${renderSeconds(limit)}`]),
    `sub1m ${sub1m.version}`,
  ];
  return `${found} of ${plan.chosen.length} of ${matrix.name}, ${facts.join(', ')}`;
}

function fewer(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN_LINES;
  return more > 0 ? [...lines.slice(0, SHOWN_LINES), `and ${more} more`] : [...lines];
}
