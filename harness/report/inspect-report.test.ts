// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../errors.ts';
import { bytesSource } from '../vmcore/dump/byte-source.ts';
import { elfCoreBytes, prstatusNote, vmcoreinfoNote } from '../vmcore/testing/vmcore-builder.ts';
import { type WholeKernel, wholeKernel } from '../vmcore/testing/whole-kernel-builder.ts';
import {
  type InspectPart,
  type InspectQuestions,
  inspectVmcore,
  inspectionDocument,
  renderInspection,
} from './inspect-report.ts';

function dumpOf({ ram, lines, cpus }: WholeKernel): Uint8Array {
  const notes = cpus.map(({ pid, registers }) => prstatusNote(pid, registers));
  return elfCoreBytes([...notes, vmcoreinfoNote(lines)], [{ paddr: 0, bytes: ram }]);
}

const STYLE = { colour: false, width: 100 };

function inspect(questions: InspectQuestions, kernel = wholeKernel()): readonly InspectPart[] {
  return inspectVmcore(bytesSource(dumpOf(kernel)), questions, STYLE).parts;
}

/** A kernel that has no symbols, and so no types. */
function withoutSymbols(): WholeKernel {
  const kernel = wholeKernel();
  const lines = kernel.lines.filter((line) => !line.startsWith('SYMBOL(_stext)'));
  return { ...kernel, lines };
}

const NO_STEXT = 'Cannot read kallsyms: expected SYMBOL(_stext) in VMCOREINFO, found none';

describe('inspectVmcore()', () => {
  it('sums up a dump that nothing is asked of', () => {
    expect(renderInspection(inspect({}))).toMatchInlineSnapshot(`
      "release      6.12.0-test
      build id     none
      dump         elf, 4.2 MB
      memory       4 MiB in 1 range
      cpus         1
      panic        sysrq triggered crash on CPU 1, PID 42 (sh)
      trampoline   0x98000
      crashkernel  0x10000000-0x1fffffff
      symbols      13, BTF
      "
    `);
  });

  it('says once why something is missing', () => {
    const [summary] = inspect({}, withoutSymbols());
    expect(summary?.value).toMatchObject({ symbols: null, trampoline: null, missing: [NO_STEXT] });
  });

  it('answers in the order of the answers, not of the questions', () => {
    const parts = inspect({ read: ['_stext'], stacks: true, dmesg: true });
    expect(parts.map(({ name }) => name)).toEqual(['dmesg', 'stacks', 'read']);
  });

  it('answers for people and for programs', () => {
    const parts = inspect({ symbols: '^panic$', read: ['crashk_res', '8'] });
    expect(renderInspection(parts)).toMatchInlineSnapshot(`
      "ffffffff80100008 T panic

      ffffffff80113080  00 00 00 10 00 00 00 00                          ........
      "
    `);
    expect(JSON.parse(inspectionDocument('a/vmcore', parts))).toEqual({
      schema: 1,
      vmcore: 'a/vmcore',
      symbols: [{ name: 'panic', type: 'T', address: '0xffffffff80100008' }],
      read: { address: '0xffffffff80113080', bytes: '0000001000000000' },
    });
  });

  it.each<{ questions: InspectQuestions; message: string }>([
    {
      questions: { symbols: '(' },
      message: 'Cannot search for symbols: expected a regular expression, found "("',
    },
    {
      questions: { read: ['panic', '0'] },
      message: 'Cannot read panic: expected an address or symbol and 1 to 1048576 bytes, found "0"',
    },
    {
      questions: { read: ['nothing'] },
      message:
        'Cannot find "nothing": expected an address such as 0xffffffff81000000, or a symbol; ' +
        'list these with --symbols <regular expression>',
    },
    {
      questions: { struct: ['resource'] },
      message: 'Cannot show a structure: expected --struct <type> <address or symbol>',
    },
  ])('refuses a wrong question: $questions', ({ questions, message }) => {
    expect(() => inspect(questions)).toThrow(new UsageError(message));
  });

  it.each<{ questions: InspectQuestions; message: string }>([
    { questions: { iomem: true }, message: NO_STEXT },
    { questions: { stacks: true }, message: NO_STEXT },
    {
      questions: { struct: ['resource', '0xffffffff80113080'] },
      message: 'Cannot show a structure: expected BTF in the dump, found none',
    },
  ])('says what it cannot read for $questions', ({ questions, message }) => {
    expect(() => inspect(questions, withoutSymbols())).toThrow(new FormatError(message));
  });
});
