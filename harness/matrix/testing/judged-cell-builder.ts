// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import { TRIGGERS } from '../../bundle/triggers.ts';
import type { Judgement } from '../../check/judgement.ts';
import { type Axes, type PlannedCell, expand } from '../expand.ts';
import type { JudgedCell } from '../judged-cell.ts';

/** What a test says about a cell; by default Debian's 6.12, which matches and shows nothing. */
interface CellWords {
  readonly axes?: Partial<Axes>;
  readonly record?: Partial<CellRecord>;
  readonly judgement?: Partial<Judgement>;
}

const RELEASE = '6.12.43+deb12-cloud-amd64';

/** Makes a judged cell, for tests. */
export function judgedCell({ axes = {}, record, judgement }: CellWords = {}): JudgedCell {
  const [planned] = expand({ kernel: ['debian:6.12'], ...axes });
  if (!planned) throw new Error('Expected a cell');
  return {
    record: { ...cellRecord(planned), ...record },
    judgement: { ...blindJudgement(), ...judgement },
    folder: `results/run/${planned.id}`,
  };
}

function cellRecord({ id, spec }: PlannedCell): CellRecord {
  return {
    schema: 1,
    id,
    spec,
    kernel: { release: RELEASE, image: '/k/vmlinuz', imageSha256: '00', package: null },
    machine: {
      qemu: { binary: 'qemu-system-x86_64', version: '7.2.17' },
      ovmf: { code: '/ovmf/code', sha256: '00' },
      accel: { kind: 'tcg', why: 'asked for' },
      firmware: { kind: 'saved', key: '00' },
    },
    inputs: [],
    changedInput: null,
    cmdline: { system: 'console=ttyS0', capture: null },
    known: [],
    fault: null,
    panicLine: TRIGGERS.sysrq.panicLine,
    outcome: { kind: 'completed', cause: 'guest-shutdown' },
    seconds: { firmware: 2.5, boot: 6.25, total: 12.345 },
    pressure: {},
    attempts: [],
    startedAt: '2026-11-22T13:30:00.000Z',
  };
}

function blindJudgement(): Judgement {
  const unseen = { value: null, why: 'not in this test' };
  return {
    policy: { id: 'reserve-1m', how: 'named' },
    observation: {
      cpusOnline: unseen,
      damage: null,
      noVmcore: null,
      pages: unseen,
      pagesIn: 'system/kpageflags',
      died: null,
      deadStack: [],
      trampoline: unseen,
      trampolineIn: 'system/real-mode.json',
      hasNoTrampoline: false,
      firmwareMemory: unseen,
      tags: unseen,
      savedMemory: null,
      iomem: unseen,
      crashkernelRefusal: null,
      memblockCalls: null,
      lowMemoryLog: unseen,
      crashedLog: unseen,
      vmcore: null,
      pagesAtCrash: null,
      crashkernelFreed: null,
      writableCode: null,
      lostRam: [],
      memory: null,
      vmcoreSegments: null,
      vmcoreReads: null,
      captureLog: null,
      captureRam: unseen,
    },
    prediction: null,
    invariants: [],
    fault: null,
    verdict: { kind: 'match' },
  };
}
