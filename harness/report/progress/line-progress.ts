// SPDX-License-Identifier: MIT
import type { PlannedCell } from '../../matrix/expand.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import type { MatrixEvent } from '../../matrix/run-matrix.ts';
import { renderSeconds } from '../text/style.ts';
import { verdictName } from '../text/verdict-text.ts';
import { RunPace } from './run-pace.ts';
import { screenText } from '../../memory/printable-text.ts';

/** Shows a run while it runs. Disposing it leaves the screen as it is and in order. */
export interface Progress extends AsyncDisposable {
  readonly onEvent: (event: MatrixEvent) => void;
}

/** A line for each event, with the time since the start: for logs. */
export function lineProgress(cells: readonly PlannedCell[], stream: NodeJS.WriteStream): Progress {
  const startedAt = performance.now();
  const pace = new RunPace(cells);
  const onEvent = (event: MatrixEvent): void => {
    pace.add(event);
    const seconds = Math.floor((performance.now() - startedAt) / 1000);
    const text = event.kind === 'end' && pace.text !== '' ? ` (${pace.text})` : '';
    stream.write(screenText(`[${String(seconds).padStart(4)} s] ${eventText(event)}${text}\n`));
  };
  return { onEvent, [Symbol.asyncDispose]: async () => {} };
}

/** What a line or a row says of an event. */
export function eventText(event: MatrixEvent): string {
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
