// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { DefaultRenderer, Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import { countedAs } from '../../matrix/judged-cell.ts';
import type { MatrixEvent } from '../../matrix/run-matrix.ts';
import { type Progress, eventText } from './line-progress.ts';

/** A row for each cell that has started, which changes with its phase. */
export function liveProgress(cells: readonly string[], stream: NodeJS.WriteStream): Progress {
  const queues = new Map(
    cells.map((cell) => [cell, new PassThrough({ objectMode: true })] as const),
  );
  // listr2 asks whether standard output is a terminal, whatever it writes to.
  DefaultRenderer.nonTTY = true;
  const logger = new ListrLogger({
    useIcons: true,
    processOutput: new ProcessOutput(stream, stream),
  });
  const listr = new Listr([...queues.values()].map(progressRow), {
    concurrent: true,
    exitOnError: false,
    // Ctrl-C belongs to cli/.
    registerSignalListeners: false,
    rendererOptions: { logger },
  });
  const shown = listr.run();
  return {
    onEvent: (event) => queues.get(event.cell)?.write(event),
    [Symbol.asyncDispose]: async () => {
      for (const queue of queues.values()) queue.end();
      await shown;
    },
  };
}

/** A row has no title, and so does not show, before its cell has started. */
function progressRow(events: AsyncIterable<MatrixEvent>): ListrTask {
  return {
    task: async (_context, row) => {
      for await (const event of events) {
        row.title = eventText(event);
        if (event.kind !== 'end') continue;
        // An error is how listr2 is told to mark a row as failed.
        if (!event.judged || countedAs(event.judged.judgement) !== 'match') {
          throw new Error(row.title);
        }
        return;
      }
    },
  };
}
