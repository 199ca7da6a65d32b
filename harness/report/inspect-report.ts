// SPDX-License-Identifier: MIT
/** What `inspect` shows of a dump: a part for each question asked, or a summary. */
import { FormatError } from '../errors.ts';
import type { ByteSource } from '../vmcore/dump/byte-source.ts';
import { openVmcore } from '../vmcore/dump/open-vmcore.ts';
import { openAnyKernel } from '../vmcore/kernel/open-any-kernel.ts';
import { INSPECT_ANSWERS, type InspectAnswer } from './inspect-answers.ts';
import { renderSearch } from './inspect-search.ts';
import { summarize } from './inspect-summary.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import type { Style } from './text/style.ts';

/** What is asked of a dump, with the words that follow each question on the command line. */
export interface InspectQuestions {
  readonly dmesg?: true;
  readonly lowmem?: true;
  readonly iomem?: true;
  readonly stacks?: true;
  /** A regular expression. */
  readonly symbols?: string;
  /** An address or symbol, and how many bytes. */
  readonly read?: readonly string[];
  /** A type, and an address or symbol. */
  readonly struct?: readonly string[];
}

type Question = keyof InspectQuestions;

/** A part of the report, by its name in JSON. */
export interface InspectPart extends InspectAnswer {
  readonly name: Question | 'summary';
}

/** The answers, and what to know about all of them. */
interface Inspection {
  readonly parts: readonly InspectPart[];
  /** Lines for people. */
  readonly notes: readonly string[];
}

/**
 * Answers questions about a dump. Throws `FormatError` for what cannot be read, `UsageError` for a
 * wrong question.
 */
export function inspectVmcore(
  source: ByteSource,
  questions: InspectQuestions,
  style: Style,
): Inspection {
  const vmcore = openVmcore(source);
  const { size, lacks } = vmcore;
  if (lacks > 0) {
    throw new FormatError(
      `Cannot read this dump: it is cut off after ${size} bytes, expected ${lacks} more`,
    );
  }
  const kernel = openAnyKernel(vmcore);
  const names = Object.keys(INSPECT_ANSWERS) as Question[];
  const parts = names.flatMap((name): InspectPart[] => {
    const asked = questions[name];
    if (asked === undefined) return [];
    const words = asked === true ? [] : [asked].flat();
    return [{ name, ...INSPECT_ANSWERS[name](kernel, words, style) }];
  });
  if (parts.length === 0) parts.push({ name: 'summary', ...summarize(vmcore, kernel) });
  return { parts, notes: kernel.search ? [renderSearch(kernel.search)] : [] };
}

/** The parts for people, a blank line between them. */
export function renderInspection(parts: readonly InspectPart[]): string {
  return `${parts.map(({ lines }) => lines.join('\n')).join('\n\n')}\n`;
}

/** The parts for programs: a JSON document about the dump at `path`. */
export function inspectionDocument(path: string, parts: readonly InspectPart[]): string {
  const values = Object.fromEntries(parts.map(({ name, value }) => [name, value]));
  return `${asciiJson({ schema: 1, vmcore: path, ...values }, 2)}\n`;
}
