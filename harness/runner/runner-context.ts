// SPDX-License-Identifier: MIT
import type { Log } from '../log.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { MatrixEvent } from '../matrix/run-matrix.ts';
import type { Provider } from '../qemu/kvm-advice.ts';

/** Where the host keeps what runs need. */
export interface RunnerEnvironment {
  /** Downloads, builds and probe answers, shared between checkouts. */
  readonly cacheDir: string;
  /** The search path for programs, as in PATH. */
  readonly path: string;
  /** The mirror of Debian packages, if it is not the host's own. */
  readonly mirror: string | undefined;
  /** Who runs the host. */
  readonly provider: Provider;
  /** Folders of QEMU firmware descriptors, from general to specific. */
  readonly firmwareFolders: readonly string[];
}

/** Shows a run while it runs; disposed of when the run is over. */
export interface RunDisplay extends AsyncDisposable {
  readonly onEvent: (event: MatrixEvent) => void;
}

/** What the application needs of its caller. */
export interface RunnerContext {
  readonly environment: RunnerEnvironment;
  /** Ends all work; every wait hangs on it. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Shows a run of these cells; without it nothing is shown. */
  readonly showRun?: (cells: readonly PlannedCell[]) => Promise<RunDisplay>;
}
