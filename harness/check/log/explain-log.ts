// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import type { Layout } from '../../layout/layout.ts';
import { LOW_PAGES, PAGE_SIZE, type Pfn, SZ_1M, pfn } from '../../memory/pfn.ts';
import { intersects, physRange } from '../../memory/phys-range.ts';
import { without } from '../../memory/range-set.ts';
import type { ModelInputs } from '../../model/model-inputs.ts';
import type { PolicyChoice } from '../../model/tell-policy.ts';
import { type Prediction, predict } from '../../model/prediction.ts';
import { meetsCondition, parseKernelCondition } from '../../kernel-condition.ts';
import type { Comparison } from './comparison.ts';
import { type Defect, findDefects } from './defects.ts';
import { type DumpSafety, dumpSafety } from './dump-safety.ts';
import { type LogMachine, type ToldInputs, machineOf } from './log-machine.ts';
import { compareOutcome } from './log-outcome.ts';
import { type FoundInput, searchInputs } from './search-inputs.ts';

/** What a log shows, what the model makes of its machine, and how the two compare. */
export interface Explanation {
  readonly layout: Layout;
  readonly machine: LogMachine;
  readonly policy: PolicyChoice;
  readonly prediction: Prediction;
  readonly comparisons: readonly Comparison[];
  /** `nothing`: the log shows nothing of the outcome. */
  readonly verdict: 'agrees' | 'differs' | 'nothing';
  /** If they differ: what would make them agree. */
  readonly inputs: readonly FoundInput[];
  /** Whether boot services, which the log does not show, may be why they differ. */
  readonly lacksBootServices: boolean;
  readonly dump: DumpSafety;
  readonly defects: readonly Defect[];
  /** Pages that the firmware wrote to, as the kernel found ("Corrupted low memory"). */
  readonly corrupted: readonly Pfn[];
}

/** What is asked beside the log. */
export interface Asked {
  /** The policy of its kernel; null: what the log says. */
  readonly policy: PolicyChoice | null;
  /** Whether a capture kernel is loaded (`/sys/kernel/kexec_crash_loaded`); null if that is not known. */
  readonly captureLoaded: boolean | null;
}

/**
 * Explains a log's machine. Throws `FormatError` if nobody says which policy its kernel follows,
 * or if the layout has no log.
 */
export function explainLog(layout: Layout, told: ToldInputs, asked: Asked): Explanation {
  const { log } = layout;
  if (!log) {
    throw new FormatError(
      `Cannot explain ${layout.source}: expected a kernel log, found a layout; ask "sub1m model" about it`,
    );
  }
  const machine = machineOf(layout, told);
  const policy = asked.policy ?? machine.policy;
  if (!policy) {
    throw new FormatError(
      'Cannot tell which policy the kernel of the log follows: expected a line "Linux version …", found none; name it with --policy',
    );
  }
  const { inputs } = machine;
  const text = log.lines.join('\n');
  const { causes } = log;
  const prediction = predict(inputs, policy.id);
  const seen = {
    is32Bit: causes.is32Bit,
    hasBootServices: !causes.isEfi || coversDma(inputs),
  };
  const comparisons = compareOutcome(text, { inputs, prediction, ...seen });
  const differs = comparisons.some(({ agrees }) => !agrees);
  return {
    layout,
    machine,
    policy,
    prediction,
    comparisons,
    verdict: comparisons.length === 0 ? 'nothing' : differs ? 'differs' : 'agrees',
    inputs: differs
      ? searchInputs({ inputs, policy: policy.id, log: text, causes, told, seen })
      : [],
    lacksBootServices: !seen.hasBootServices,
    dump: dumpSafety({ inputs, prediction, causes, captureLoaded: asked.captureLoaded }),
    defects: findDefects({
      inputs,
      prediction,
      isEfi: causes.isEfi,
      isOf: (condition) => isOf(causes.release, condition),
    }),
    corrupted: corruptedPages(text),
  };
}

function isOf(release: string | null, text: string): boolean {
  const condition = parseKernelCondition(text);
  return condition !== undefined && release !== null && meetsCondition(condition, release);
}

/** Whether the EFI map has all RAM of zone DMA. */
function coversDma({ e820, efiMap }: ModelInputs): boolean {
  const dma = physRange(0, 16 * SZ_1M);
  const ram = e820.flatMap((entry) => (entry.ram ? [entry.range] : []));
  const lost = without(
    ram,
    (efiMap ?? []).map(({ range }) => range),
  );
  return efiMap !== null && !lost.some((range) => intersects(range, dma));
}

/** `check_for_bios_corruption()` (arch/x86/kernel/check.c): the physical address is the second one. */
const CORRUPTED = /\bCorrupted low memory at [^\n]{0,32}\(([0-9a-f]{1,8}) phys\)/g;
const CORRUPTED_LIMIT = 65_536;

/** The pages that the kernel found written to. */
export function corruptedPages(log: string): Pfn[] {
  const pages = new Set<number>();
  let count = 0;
  for (const [, at = ''] of log.matchAll(CORRUPTED)) {
    pages.add(Math.floor(Number.parseInt(at, 16) / PAGE_SIZE));
    if ((count += 1) > CORRUPTED_LIMIT) break;
  }
  return [...pages]
    .filter((page) => page < LOW_PAGES)
    .toSorted((a, b) => a - b)
    .map(pfn);
}
