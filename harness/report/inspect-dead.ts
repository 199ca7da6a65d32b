// SPDX-License-Identifier: MIT
/** What `inspect` shows of a cell's folder: what was kept of a kernel that died or hung. */
import type { DeadKernel as Kernel, DeadKernelRecord } from '../bundle/dead-kernel.ts';
import { FormatError, UsageError } from '../errors.ts';
import { counted } from '../memory/counted.ts';
import { hex } from '../memory/pfn.ts';
import { physRange, renderRange } from '../memory/phys-range.ts';
import { printableText } from '../memory/printable-text.ts';
import type { Seen } from '../seen.ts';
import type { InspectAnswer } from './inspect-answers.ts';
import type { InspectPart, InspectQuestions } from './inspect-report.ts';
import { renderPanic } from './inspect-summary.ts';
import { renderLowPages } from './text/low-page-map.ts';
import type { Style } from './text/style.ts';

/** What a cell's folder has of a dead kernel. */
export interface DeadEvidence {
  readonly record: DeadKernelRecord;
  /** The text of `dead/dmesg`; null if there is none. */
  readonly dmesg: string | null;
}

type Answer = (kernel: Kernel, evidence: DeadEvidence, style: Style) => InspectAnswer;

/** The questions that can be answered without the memory. */
const ANSWERS = { dmesg, lowmem, stacks } as const satisfies Partial<
  Record<keyof InspectQuestions, Answer>
>;

/**
 * Answers questions about a dead kernel. Throws `FormatError` for what could not be read of it,
 * `UsageError` for a question that only the whole memory can answer.
 */
export function inspectDead(
  evidence: DeadEvidence,
  questions: InspectQuestions,
  style: Style,
): InspectPart[] {
  const kernel = required(evidence.record.kernel);
  const asked = Object.keys(questions) as (keyof InspectQuestions)[];
  const parts = asked.map((name): InspectPart => {
    if (isAnswered(name)) return { name, ...ANSWERS[name](kernel, evidence, style) };
    throw new UsageError(
      `Cannot answer --${name}: expected the memory of the machine, found what was kept of it; ` +
        'run the cell with --keep memory',
    );
  });
  return parts.length > 0 ? parts : [{ name: 'summary', ...summary(kernel, evidence) }];
}

function isAnswered(name: keyof InspectQuestions): name is keyof typeof ANSWERS {
  return Object.hasOwn(ANSWERS, name);
}

function dmesg({ log }: Kernel, { dmesg: text }: DeadEvidence): InspectAnswer {
  required(log);
  if (text === null) throw new FormatError('Cannot read dead/dmesg: expected a log, found none');
  const lines = text.replace(/\n$/, '').split('\n').map(printableLine);
  return { lines, value: lines };
}

/** The file is what the harness wrote, unless somebody else did. */
function printableLine(line: string): string {
  return line.replaceAll(/[^\t -~]/g, '?');
}

function lowmem({ lowPages }: Kernel, _: DeadEvidence, style: Style): InspectAnswer {
  const classes = required(lowPages);
  const pages = classes.map((kind) => ({ class: kind, use: null, flags: 0n, refcount: 0 }));
  return { lines: renderLowPages(pages, style), value: classes };
}

function stacks({ stacks: found }: Kernel): InspectAnswer {
  const lines = found.flatMap(({ cpu, trace }) => {
    if ('why' in trace) return [`CPU ${cpu}: ${printableText(trace.why)}`];
    const { by, frames, end } = trace.value;
    return [
      `CPU ${cpu}, by ${by}:`,
      ...frames.map(({ ip, symbol }) => `  ${ip}  ${printableText(symbol)}`),
      `  (${printableText(end)})`,
    ];
  });
  return { lines, value: found };
}

/** Why the machine was looked at, in words. */
const ENDS: Readonly<Record<DeadKernelRecord['how'], string>> = {
  'machine-ended': 'ended the machine',
  overrun: 'hung',
  surprise: 'did not keep to the protocol',
};

function summary(kernel: Kernel, evidence: DeadEvidence): InspectAnswer {
  const { record } = evidence;
  const { release, role, image, lowPages, memblock, trampoline, log, panic } = kernel;
  const rows: (readonly [string, string])[] = [
    ['release', release.value ?? 'unknown'],
    ['kernel', `the ${role} kernel, at ${hex(image.paddr)}, found by ${image.by}`],
    ['died', `${ENDS[record.how]} in phase ${record.phase}`],
    ['panic', panic === null ? 'none' : renderPanic(panic)],
    ['log', log.value ? counted(log.value.records, 'record') : 'unknown'],
    ['pages', lowPages.value ? renderClasses(lowPages.value) : 'unknown'],
    ['trampoline', trampoline.value ? renderTrampoline(trampoline.value) : 'unknown'],
    ...(['memory', 'reserved'] as const).flatMap((list) =>
      (memblock.value?.[list] ?? []).map(
        ({ start, end, flags }) =>
          [
            `memblock.${list}`,
            `${renderRange(physRange(start, end))}${flags ? `, flags ${hex(flags)}` : ''}`,
          ] as const,
      ),
    ),
    ...[release, log, lowPages, memblock, trampoline].flatMap((seen) =>
      'why' in seen ? [['missing', seen.why] as const] : [],
    ),
  ];
  const lines = rows.map(([name, text]) => `${name.padEnd(18)} ${printableText(text)}`);
  return { lines: [...lines, '', ...stacks(kernel).lines], value: { ...record, kernel } };
}

/** How many pages below 1 MiB there are of each class. */
function renderClasses(classes: readonly string[]): string {
  return [...new Set(classes)]
    .map((kind) => `${classes.filter((other) => other === kind).length} ${kind}`)
    .join(', ');
}

function renderTrampoline({ paddr, copied }: NonNullable<Kernel['trampoline']['value']>): string {
  return `${hex(paddr)}${copied ? '' : ', not copied there yet'}`;
}

function required<T>(seen: Seen<T>): T {
  if ('why' in seen) throw new FormatError(printableText(seen.why));
  return seen.value;
}
