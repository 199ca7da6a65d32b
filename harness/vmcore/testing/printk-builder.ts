// SPDX-License-Identifier: MIT
import { symbolLine } from './kallsyms-builder.ts';
import { type BuiltKernel, vaddrOf, writeWords } from './kernel-builder.ts';

/** A record of the ring buffer. */
export interface RecordSpec {
  readonly text: string;
  readonly nanoseconds?: bigint;
  readonly callerId?: number;
  /** `enum desc_state`; finalized (2) if left out. */
  readonly state?: number;
  readonly level?: number;
  /** Where its text begins in the ring, if not after the one before. */
  readonly begin?: bigint;
  /** Where its block ends, if not where the text does. */
  readonly next?: bigint;
}

/** Structures as a kernel has them without CONFIG_PRINTK_EXECUTION_CTX. */
const VMCOREINFO = `OFFSET(printk_ringbuffer.desc_ring)=0
OFFSET(printk_ringbuffer.text_data_ring)=48
OFFSET(prb_desc_ring.count_bits)=0
OFFSET(prb_desc_ring.descs)=8
OFFSET(prb_desc_ring.infos)=16
OFFSET(prb_desc_ring.head_id)=24
OFFSET(prb_desc_ring.tail_id)=32
SIZE(prb_desc)=24
OFFSET(prb_desc.state_var)=0
OFFSET(prb_desc.text_blk_lpos)=8
OFFSET(prb_data_blk_lpos.begin)=0
OFFSET(prb_data_blk_lpos.next)=8
SIZE(printk_info)=88
OFFSET(printk_info.seq)=0
OFFSET(printk_info.ts_nsec)=8
OFFSET(printk_info.text_len)=16
OFFSET(printk_info.caller_id)=20
OFFSET(prb_data_ring.size_bits)=0
OFFSET(prb_data_ring.data)=8`.split('\n');

const COUNT_BITS = 3;
const SIZE_BITS = 8;
const ID_BITS = 62;
const DESC_FINALIZED = 2;

/** Offsets of the rings from the start of the ring buffer. */
const [DESCS, INFOS, TEXT] = [0x100, 0x200, 0x600];

/** Writes a ring buffer of 8 records and 256 bytes at an offset; the first record has id -1. */
export function addPrintk(
  { ram, lines }: BuiltKernel,
  at: number,
  records: readonly RecordSpec[],
): void {
  const pointer = at - 8;
  writeWords(ram, pointer, [vaddrOf(at)]);
  const tail = -1n;
  const head = tail + BigInt(records.length) - 1n;
  const ids = [head, tail].map((id) => BigInt.asUintN(ID_BITS, id));
  writeWords(ram, at, [COUNT_BITS, vaddrOf(at + DESCS), vaddrOf(at + INFOS), ...ids]);
  writeWords(ram, at + 48, [SIZE_BITS, vaddrOf(at + TEXT)]);
  let end = 0n;
  for (const [index, record] of records.entries()) {
    end = addRecord(ram, at, { id: tail + BigInt(index), seq: index, end, record });
  }
  lines.push(symbolLine('prb', pointer), ...VMCOREINFO);
}

interface Placed {
  readonly id: bigint;
  readonly seq: number;
  readonly end: bigint;
  readonly record: RecordSpec;
}

function addRecord(ram: Buffer, at: number, { id, seq, end, record }: Placed): bigint {
  const bytes = Buffer.from(record.text);
  const begin = record.begin ?? end;
  const next = record.next ?? begin + BigInt(Math.ceil((bytes.length + 8) / 8) * 8);
  const slot = Number(BigInt.asUintN(COUNT_BITS, id));
  const state = BigInt(record.state ?? DESC_FINALIZED) << BigInt(ID_BITS);
  writeWords(ram, at + DESCS + slot * 24, [state | BigInt.asUintN(ID_BITS, id), begin, next]);
  const info = at + INFOS + slot * 88;
  writeWords(ram, info, [seq, record.nanoseconds ?? 0n]);
  ram.writeUInt16LE(bytes.length, info + 16);
  ram.writeUInt8((record.level ?? 6) << 5, info + 19);
  ram.writeUInt32LE(record.callerId ?? 1, info + 20);
  // A block that would run past the end of the ring is at its start.
  const wraps = begin >> BigInt(SIZE_BITS) !== (next - 1n) >> BigInt(SIZE_BITS);
  const start = wraps ? 0 : Number(BigInt.asUintN(SIZE_BITS, begin));
  if (!(begin & 1n)) bytes.copy(ram, at + TEXT + start + 8);
  return next;
}

/** The variables of a log before 5.10; those left out are right. */
export interface LogBufSpec {
  readonly first?: number;
  readonly next?: number;
  readonly length?: number;
  readonly size?: number;
}

/**
 * Writes a log of 128 bytes: a record of 32 bytes at 64, one of length 0, and one at 0. The
 * variables are at the offset, the log follows.
 */
export function addLogBuf({ ram, lines }: BuiltKernel, at: number, spec: LogBufSpec = {}): void {
  const { first = 64, next = 32, length = 32, size = 128 } = spec;
  const log = at + 0x100;
  writeWords(ram, at, [vaddrOf(log), size, first, next]);
  for (const [offset, text] of [
    [64, 'one'],
    [0, 'two'],
  ] as const) {
    writeWords(ram, log + offset, [1_500_000_000n]);
    ram.writeUInt16LE(length, log + offset + 8);
    ram.writeUInt16LE(text.length, log + offset + 10);
    ram.writeUInt8(4 << 5, log + offset + 15);
    ram.write(text, log + offset + 16);
  }
  const symbols = ['log_buf', 'log_buf_len', 'log_first_idx', 'log_next_idx'];
  const members = ['ts_nsec)=0', 'len)=8', 'text_len)=10', 'dict_len)=12'];
  lines.push(
    ...symbols.map((name, index) => symbolLine(name, at + index * 8)),
    'SIZE(printk_log)=16',
    ...members.map((member) => `OFFSET(printk_log.${member}`),
  );
}
