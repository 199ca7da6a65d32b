// SPDX-License-Identifier: MIT
import { Argument, type Command } from 'commander';
import { trimEntries } from '../../process/cache-entries.ts';
import { CACHE_AREAS, renderCache, renderCacheDocument } from '../../report/cache-report.ts';
import { writeStdout } from '../../report/screen.ts';
import { readCache } from '../../runner/trim-cache.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';

const HELP = {
  summary: 'show what is kept of downloads and builds, and remove it',
  examples: [
    ['what is there', 'sub1m cache'],
    ['make room: all of it', 'sub1m cache --clear'],
    ['only the sources of kernels, and their objects', 'sub1m cache sources --clear'],
  ],
  notes: [
    'A command that adds to the cache removes what was used least recently, until no more than SUB1M_CACHE_LIMIT is ' +
      'left (500MB, 20GB): 20 GB unless it is set, or a tenth of what the disk has for it if that is less. Nothing that ' +
      'a running sub1m uses is removed, by none of these. What is gone is downloaded or built again when it is needed.',
  ],
} as const;

interface CacheOptions {
  readonly clear?: true;
  readonly trim?: true;
  readonly json?: true;
}

/** `sub1m cache [area…]`: what is kept of downloads and builds. */
export function addCache(program: Command, context: CommandContext): void {
  describeCommand(program.command('cache'), HELP)
    .addArgument(
      new Argument('[area...]', 'only these folders of it').choices(Object.keys(CACHE_AREAS)),
    )
    .option('--clear', 'remove all that is shown')
    .option('--trim', 'remove what was used least recently, down to the limit')
    .option('--json', 'print a JSON document')
    .action(async (areas: string[], options: CacheOptions) => {
      const { environment, signal } = context;
      const { entries, limit } = await readCache(environment, signal);
      const asked = entries.filter(({ area }) => areas.length === 0 || areas.includes(area));
      const isTrimmed = options.clear === true || options.trim === true;
      const most = options.clear ? -1 : options.trim ? limit : Infinity;
      const trimmed = await trimEntries(asked, most, signal);
      const shown = { folder: environment.cacheDir, limit, isTrimmed, ...trimmed };
      await writeStdout(options.json ? renderCacheDocument(shown) : renderCache(shown));
    });
}
