// SPDX-License-Identifier: MIT
/**
 * The lockless ring buffer of printk (kernel/printk/printk_ringbuffer.c): a ring of descriptors, a
 * parallel one of infos, and one of text. Positions only ever grow; their low bits index the rings.
 */
import {
  LOG_BYTES_LIMIT,
  type LogContext,
  type PrintkRecord,
  badLog,
  printkText,
  requireField,
  requireMember,
} from './printk-record.ts';

/** The top two bits of `state_var` are the descriptor's state (`enum desc_state`). */
const DESC_FLAGS_SHIFT = 62n;
const DESC_ID_BITS = 62;
const DESC_COMMITTED = 1n;
const DESC_FINALIZED = 2n;

/** The bit of a position that has no text (`LPOS_DATALESS()`). */
const LPOS_DATALESS = 1n;
/** A block of text begins with the id of its descriptor. */
const BLOCK_ID_BYTES = 8n;

/** Bits of the number of records, at most: the kernel has a descriptor for 32 bytes of text. */
const COUNT_BITS_LIMIT = 21;

/** The three rings, and the offsets of members in them. */
interface Ringbuffer {
  readonly countBits: number;
  readonly sizeBits: number;
  readonly headId: bigint;
  readonly tailId: bigint;
  readonly descs: DataView;
  readonly infos: DataView;
  readonly text: Uint8Array;
  readonly at: Offsets;
}

type Offsets = ReturnType<typeof offsetsOf>;

/**
 * Reads the complete records, oldest first, as `prb_for_each_record()` walks them. Throws
 * `FormatError`.
 */
export function readRingbuffer(context: LogContext): PrintkRecord[] {
  const ring = openRingbuffer(context);
  const records: PrintkRecord[] = [];
  const span = Number(BigInt.asUintN(DESC_ID_BITS, ring.headId - ring.tailId)) + 1;
  const count = Math.min(span, 2 ** ring.countBits);
  let textLength = 0;
  for (let index = 0; index < count; index += 1) {
    const record = findRecord(ring, BigInt.asUintN(DESC_ID_BITS, ring.tailId + BigInt(index)));
    if (record) records.push(record);
    textLength += record?.text.length ?? 0;
    // Records never share text, so more than all of it means that they are corrupt.
    if (textLength > ring.text.length) throw badLog('text', 'no longer than its ring', textLength);
  }
  return records;
}

function openRingbuffer({ memory, vmcoreinfo }: LogContext): Ringbuffer {
  const at = offsetsOf(vmcoreinfo);
  const prb = memory.u64(vmcoreinfo.symbol('prb') ?? 0n);
  const member = (offset: number): bigint => prb + BigInt(offset);
  const countBits = memory.u32(member(at.descRing + at.countBits));
  const sizeBits = memory.u32(member(at.textRing + at.sizeBits));
  if (countBits > COUNT_BITS_LIMIT) {
    throw badLog('count_bits', `of at most ${COUNT_BITS_LIMIT}`, countBits);
  }
  if (2 ** sizeBits > LOG_BYTES_LIMIT) {
    throw badLog('size_bits', `for at most ${LOG_BYTES_LIMIT} bytes`, sizeBits);
  }
  const [descs, infos] = [at.descs, at.infos].map((offset) =>
    memory.u64(member(at.descRing + offset)),
  );
  const [headId = 0n, tailId = 0n] = [at.headId, at.tailId].map((offset) =>
    BigInt.asUintN(DESC_ID_BITS, memory.u64(member(at.descRing + offset))),
  );
  const table = (vaddr: bigint | undefined, bytes: number): DataView => {
    const all = memory.read(vaddr ?? 0n, bytes * 2 ** countBits);
    return new DataView(all.buffer, all.byteOffset, all.length);
  };
  return {
    countBits,
    sizeBits,
    headId,
    tailId,
    descs: table(descs, at.descBytes),
    infos: table(infos, at.infoBytes),
    text: memory.read(memory.u64(member(at.textRing + at.data)), 2 ** sizeBits),
    at,
  };
}

function findRecord(ring: Ringbuffer, id: bigint): PrintkRecord | undefined {
  const { at, infos, descs } = ring;
  const index = Number(BigInt.asUintN(ring.countBits, id));
  const desc = index * at.descBytes;
  const state = descs.getBigUint64(desc + at.stateVar, true);
  const isWhole = [DESC_COMMITTED, DESC_FINALIZED].includes(state >> DESC_FLAGS_SHIFT);
  if (!isWhole || BigInt.asUintN(DESC_ID_BITS, state) !== id) return undefined;
  const begin = descs.getBigUint64(desc + at.begin, true);
  const next = descs.getBigUint64(desc + at.next, true);
  const info = index * at.infoBytes;
  const textLength = infos.getUint16(info + at.textLen, true);
  const text = findText(ring, begin, next)?.subarray(0, textLength);
  if (!text) return undefined;
  // After `text_len` come `facility`, then `flags` and `level` in one byte.
  return {
    seq: infos.getBigUint64(info + at.seq, true),
    nanoseconds: infos.getBigUint64(info + at.tsNsec, true),
    facility: infos.getUint8(info + at.textLen + 2),
    level: infos.getUint8(info + at.textLen + 3) >> 5,
    callerId: infos.getUint32(info + at.callerId, true),
    text: printkText(text),
  };
}

/** `get_data()`: a block that would run past the end of the ring is at its start instead. */
function findText(ring: Ringbuffer, begin: bigint, next: bigint): Uint8Array | undefined {
  if (begin & next & LPOS_DATALESS)
    return begin === next && begin === 3n ? new Uint8Array() : undefined;
  const bits = BigInt(ring.sizeBits);
  const wraps = begin >> bits !== (next - 1n) >> bits;
  const start = wraps ? 0n : BigInt.asUintN(ring.sizeBits, begin);
  const end = wraps ? BigInt.asUintN(ring.sizeBits, next) : start + (next - begin);
  if (end - start <= BLOCK_ID_BYTES || end > BigInt(ring.text.length)) return undefined;
  return ring.text.subarray(Number(start + BLOCK_ID_BYTES), Number(end));
}

function offsetsOf(vmcoreinfo: LogContext['vmcoreinfo']) {
  const offset = (key: string): number => requireField(vmcoreinfo.offset(key), `OFFSET(${key})`);
  const size = (key: string): number => requireField(vmcoreinfo.size(key), `SIZE(${key})`);
  const [descBytes, infoBytes] = [size('prb_desc'), size('printk_info')];
  const ofDesc = (member: string, bytes: number): number =>
    requireMember(vmcoreinfo, `prb_desc.${member}`, { bytes, structBytes: descBytes });
  const ofInfo = (member: string, bytes: number): number =>
    requireMember(vmcoreinfo, `printk_info.${member}`, { bytes, structBytes: infoBytes });
  const lpos = { bytes: 8, structBytes: 16 };
  const block = ofDesc('text_blk_lpos', 16);
  return {
    descRing: offset('printk_ringbuffer.desc_ring'),
    textRing: offset('printk_ringbuffer.text_data_ring'),
    countBits: offset('prb_desc_ring.count_bits'),
    descs: offset('prb_desc_ring.descs'),
    infos: offset('prb_desc_ring.infos'),
    headId: offset('prb_desc_ring.head_id'),
    tailId: offset('prb_desc_ring.tail_id'),
    sizeBits: offset('prb_data_ring.size_bits'),
    data: offset('prb_data_ring.data'),
    descBytes,
    stateVar: ofDesc('state_var', 8),
    begin: block + requireMember(vmcoreinfo, 'prb_data_blk_lpos.begin', lpos),
    next: block + requireMember(vmcoreinfo, 'prb_data_blk_lpos.next', lpos),
    infoBytes,
    seq: ofInfo('seq', 8),
    tsNsec: ofInfo('ts_nsec', 8),
    textLen: ofInfo('text_len', 4),
    callerId: ofInfo('caller_id', 4),
  };
}
