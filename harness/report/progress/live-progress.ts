// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { DefaultRenderer, Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import type { PlannedCell } from '../../matrix/expand.ts';
import { countedAs } from '../../matrix/judged-cell.ts';
import type { MatrixEvent } from '../../matrix/run-matrix.ts';
import { type Progress, eventText } from './line-progress.ts';
import { RunPace } from './run-pace.ts';

/** A row for each cell that has started, which changes with its phase, and one for the whole run. */
export function liveProgress(cells: readonly PlannedCell[], stream: NodeJS.WriteStream): Progress {
  const queues = new Map(cells.map(({ id }) => [id, newQueue()] as const));
  const all = newQueue();
  // listr2 asks whether standard output is a terminal, whatever it writes to.
  DefaultRenderer.nonTTY = true;
  const logger = new ListrLogger({
    useIcons: true,
    processOutput: new ProcessOutput(stream, stream),
  });
  const rows = [...[...queues.values()].map(cellRow), runRow(all, new RunPace(cells))];
  const listr = new Listr(rows, {
    concurrent: true,
    exitOnError: false,
    // Ctrl-C belongs to cli/.
    registerSignalListeners: false,
    rendererOptions: { logger },
  });
  const shown = listr.run();
  return {
    onEvent: (event) => {
      queues.get(event.cell)?.write(event);
      all.write(event);
    },
    [Symbol.asyncDispose]: async () => {
      for (const queue of [...queues.values(), all]) queue.end();
      await shown;
    },
  };
}

function newQueue(): PassThrough {
  return new PassThrough({ objectMode: true });
}

/** A row without a title does not show, as before its cell has started. */
function cellRow(events: AsyncIterable<MatrixEvent>): ListrTask {
  return {
    task: async (_context, row) => {
      for await (const event of events) {
        row.title = eventText(event);
        if (event.kind !== 'end') continue;
        // An error makes listr2 mark a row as failed.
        if (!event.judged || countedAs(event.judged.judgement) !== 'match') {
          throw new Error(row.title);
        }
        return;
      }
    },
  };
}

/** How many cells are done, and how long the rest takes; does not show for a single cell. */
function runRow(events: AsyncIterable<MatrixEvent>, pace: RunPace): ListrTask {
  return {
    task: async (_context, row) => {
      for await (const event of events) {
        pace.add(event);
        if (pace.text !== '') row.title = pace.text;
      }
    },
  };
}
