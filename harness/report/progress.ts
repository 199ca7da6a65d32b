// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { DefaultRenderer, Listr, ListrLogger, type ListrTask, ProcessOutput } from 'listr2';
import { type JudgedCell, countedAs } from '../matrix/judged-cell.ts';
import type { MatrixEvent } from '../matrix/run-matrix.ts';
import { renderSeconds } from './style.ts';
import { verdictName } from './verdict-text.ts';

/** Shows a run while it runs. Disposing it leaves the screen as it is and in order. */
export interface Progress extends AsyncDisposable {
  readonly onEvent: (event: MatrixEvent) => void;
}

/** Shows the cells and their phases on `stream` (standard error: reports go to standard output). */
export function showProgress(cells: readonly string[], stream: NodeJS.WriteStream): Progress {
  // A terminal without a size, as script(1) makes one, would show nothing of what changes.
  const isScreen = stream.isTTY && stream.rows > 0;
  return isScreen ? liveProgress(cells, stream) : lineProgress(stream);
}

/** A line for each event, with the time since the start: for logs. */
function lineProgress(stream: NodeJS.WriteStream): Progress {
  const startedAt = performance.now();
  const onEvent = (event: MatrixEvent): void => {
    const seconds = Math.floor((performance.now() - startedAt) / 1000);
    stream.write(`[${String(seconds).padStart(4)} s] ${eventText(event)}\n`);
  };
  return { onEvent, [Symbol.asyncDispose]: async () => {} };
}

/** A row for each cell that has started, which changes with its phase. */
function liveProgress(cells: readonly string[], stream: NodeJS.WriteStream): Progress {
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

function eventText(event: MatrixEvent): string {
  switch (event.kind) {
    case 'start':
      return `${event.cell}: start`;
    case 'phase':
      return `${event.cell}: ${event.phase}`;
    case 'end':
      return `${event.cell}: ${event.judged ? endText(event.judged) : 'no verdict'}`;
  }
}

function endText({ record, judgement }: JudgedCell): string {
  return `${verdictName(judgement)}, ${renderSeconds(record.seconds['total'] ?? 0)}`;
}
