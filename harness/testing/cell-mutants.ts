// SPDX-License-Identifier: MIT
/** Captured cells, with one or two files of their evidence changed as a hostile guest could have written them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Bundle } from '../bundle/bundle.ts';
import type { Outcome } from '../bundle/cell-record.ts';
import { EVIDENCE_FILES, type EvidenceFile, evidenceRow } from '../bundle/evidence.ts';
import { bundleIn } from '../bundle/testing/bundle-in.ts';
import { deadKernelFile } from '../bundle/testing/dead-kernel-builder.ts';
import { projectPath } from '../project-root.ts';
import type { Random } from '../vmcore/testing/fuzz-engine.ts';
import { textMutant } from './text-mutants.ts';

const TESTDATA = projectPath('harness/testdata');

/** Characters of a file. */
const FILE_LIMIT = 64 * 1024;

/** The memory of a cell whose memory is compared: little, so that judging it is quick. */
const MEMORY_MIB = 64;

/** Captured cells; of some the memory is compared as well, or the kernel died. */
export function cells(): Bundle[] {
  const names = readdirSync(TESTDATA, { recursive: true, encoding: 'utf8' });
  const folders = names.filter((name) => name.endsWith('/cell.json')).toSorted();
  const captured = folders.map((name) => bundleIn(join(TESTDATA, name, '..')));
  return captured.flatMap((bundle, index) =>
    index % 4 === 0 ? [bundle, withTruth(bundle), withDeadKernel(bundle)] : [bundle],
  );
}

function withTruth(bundle: Bundle): Bundle {
  const hashes = gzipSync(Buffer.alloc(MEMORY_MIB * 1024, 1));
  const spec = {
    ...bundle.cell.spec,
    truth: 'jump',
    vmcore: 'full',
    memoryMiB: MEMORY_MIB,
  } as const;
  return withFiles({ ...bundle, cell: { ...bundle.cell, spec } }, [
    ['load/page-crcs.gz', hashes],
    ['jump/page-crcs.gz', hashes],
    ['capture/page-crcs.gz', hashes],
    ['jump/stack', Buffer.from('0x1000ff8\n')],
    ['jump/vmcoreinfo-copy', Buffer.from('0x2000000\n')],
    ['capture/dmesg', Buffer.from('Linux version 6.12\nefi: ACPI=0x1000000 INITRD=0x2000000\n')],
  ]);
}

function withDeadKernel(bundle: Bundle): Bundle {
  const outcome: Outcome = {
    kind: 'machine-ended',
    phase: 'boot',
    cause: 'guest-reset',
    lastLines: [],
  };
  const dmesg = bundle.files.get('system/dmesg') ?? new Uint8Array();
  return withFiles({ ...bundle, cell: { ...bundle.cell, outcome } }, [
    ['dead/kernel.json', Buffer.from(JSON.stringify(deadKernelFile()))],
    ['dead/dmesg', dmesg],
    ['console.log', dmesg],
  ]);
}

function withFiles(bundle: Bundle, more: readonly (readonly [EvidenceFile, Uint8Array])[]): Bundle {
  return { ...bundle, files: new Map([...bundle.files, ...more]) };
}

const JUDGED = EVIDENCE_FILES.filter((file) => evidenceRow(file).judged);

/** A mutant of one of the cells. */
export function cellMutant(all: readonly Bundle[], random: Random): Bundle {
  const bundle = pick(all, random);
  const changed = Array.from({ length: 1 + random(2) }, (): readonly [EvidenceFile, Uint8Array] => {
    // Now and then one that the cell did not leave.
    const file = random(8) === 0 ? pick(JUDGED, random) : pick([...bundle.files.keys()], random);
    const other = pick([...pick(all, random).files.values()], random);
    return [file, fileMutant(bundle.files.get(file) ?? other, other, random)];
  });
  return withFiles(bundle, changed);
}

function pick<T>(from: readonly T[], random: Random): T {
  const found = from[random(from.length)];
  if (found === undefined) throw new RangeError('Cannot pick one of nothing');
  return found;
}

function fileMutant(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  if (bytes.includes(0)) return wordsMutant(bytes, random);
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(
    textMutant({ text, other: Buffer.from(other).toString('utf8'), limit: FILE_LIMIT }, random),
  );
}

/** Words that readers of binary files often get wrong. */
const WORDS = [
  0n,
  1n,
  0x28n,
  0xfffn,
  2n ** 32n - 1n,
  2n ** 52n - 4n,
  2n ** 52n,
  2n ** 63n,
  2n ** 64n - 1n,
];

function wordsMutant(bytes: Uint8Array, random: Random): Uint8Array {
  const mutant = Buffer.from(bytes);
  for (let left = 1 + random(4); left > 0 && mutant.length >= 8; left -= 1) {
    mutant.writeBigUInt64LE(pick(WORDS, random), 4 * random(Math.floor(mutant.length / 4) - 1));
  }
  return random(8) === 0 ? mutant.subarray(0, random(mutant.length)) : mutant;
}
