// SPDX-License-Identifier: MIT
/** Every parser of what a guest or a stranger wrote, as a target of `fuzz()`: one table. */
import type { Bundle } from '../bundle/bundle.ts';
import { judgeBundle } from '../check/judge-bundle.ts';
import { FormatError } from '../errors.ts';
import { readBiosWords } from '../memory/bios-data-area.ts';
import { readInitrd } from '../memory/boot-params.ts';
import { readEfiMapLocation, readEfiMemoryMap } from '../memory/efi-memory-map.ts';
import { readPageClasses } from '../memory/kpageflags.ts';
import { physAddr } from '../memory/pfn.ts';
import { findTrampoline, readTrampolineHeader } from '../memory/trampoline-bytes.ts';
import { renderRunDocument } from '../report/run-document.ts';
import { renderJunit } from '../report/junit-report.ts';
import { renderTap } from '../report/tap-report.ts';
import { bytesSource } from '../vmcore/dump/byte-source.ts';
import { digestOf, wholeDump } from '../vmcore/testing/flattened-builder.ts';
import { type FuzzTarget, type Readable, randomOf } from '../vmcore/testing/fuzz-engine.ts';
import { fileTargets, kernelTargets } from '../vmcore/testing/fuzz-inputs.ts';
import { cellMutant, cells } from './cell-mutants.ts';
import { captured } from './parser-seeds.ts';
import { TEXT_PARSERS, type TextParser } from './parser-targets.ts';
import { textMutant } from './text-mutants.ts';

/** Characters of a mutant. */
const TEXT_LIMIT = 128 * 1024;

/** The table. */
export function fuzzTargets(): FuzzTarget[] {
  return [...guestTargets(), ...fileTargets(), ...kernelTargets()];
}

/** What is not of dumps. */
export function guestTargets(): FuzzTarget[] {
  return [...TEXT_PARSERS.map(textTarget), ...bytesTargets(), cellTarget(cells())];
}

function textTarget({ name, parse, seeds, oneIn = 1 }: TextParser): FuzzTarget {
  const seedOf = (nr: number): string => seeds[nr % seeds.length] ?? '';
  return {
    name,
    oneIn,
    source: sourceOf(seedOf(0)),
    parse: (source) => void parse(Buffer.from(source.read(0, source.size)).toString('utf8')),
    mutant: (random) => {
      const [text, other] = [seedOf(random(seeds.length)), seedOf(random(seeds.length))];
      return sourceOf(textMutant({ text, other, limit: TEXT_LIMIT }, random));
    },
  };
}

function sourceOf(text: string): Readable {
  return bytesSource(Buffer.from(text));
}

/** Readers of bytes, each with a captured file. */
const READERS: readonly (readonly [name: string, file: string, (bytes: Uint8Array) => unknown])[] =
  [
    ['kpageflags', 'system/kpageflags', readPageClasses],
    ['page 0', 'system/page0.bin', readBiosWords],
    ['the initrd in boot_params', 'system/boot-params', readInitrd],
    ['the EFI map in boot_params', 'system/boot-params', readEfiMapLocation],
    ['the EFI memory map', 'system/efi-memory-map.bin', (bytes) => readEfiMemoryMap(bytes, 48)],
    [
      'a trampoline',
      'system/page0.bin',
      (bytes) => [findTrampoline(bytes), readTrampolineHeader(bytes, physAddr(16))],
    ],
  ];

function bytesTargets(): FuzzTarget[] {
  return READERS.map(([name, file, read]) => ({
    name,
    source: bytesSource(captured(file)[0] ?? new Uint8Array()),
    parse: (source) => void read(source.read(0, source.size)),
  }));
}

/** Control characters, but for the ends of lines. */
const CONTROL = /[^\P{Cc}\n]/u;

/** Judges a cell, and reports it. Whatever the evidence is, there is a judgement. */
function cellTarget(all: readonly Bundle[]): FuzzTarget {
  const vmcore = digestOf(wholeDump());
  const judge = (record: Bundle): void => {
    const judgement = judgeBundle(record, vmcore);
    const run = {
      id: 'x',
      folder: 'x',
      startedAt: '',
      seconds: 0,
      cells: [{ record: record.cell, judgement, folder: 'x' }],
    };
    const reports = [renderJunit(run), renderTap(run), renderRunDocument(run)];
    if (reports.some((report) => CONTROL.test(report)))
      throw new TypeError('control characters in a report');
  };
  const parse = ({ size }: Readable): void => {
    try {
      judge(cellMutant(all, randomOf(size)));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      throw new TypeError('a judgement that threw', { cause: error });
    }
  };
  // The size stands for the seed: a bundle is not bytes.
  const sourceOfSeed = (size: number): Readable => ({ size, read: () => new Uint8Array() });
  return {
    name: 'a cell',
    // A dozen files are read, a prediction and three reports made.
    oneIn: 20,
    source: sourceOfSeed(1),
    parse,
    mutant: (random) => sourceOfSeed(random(2 ** 31)),
  };
}
