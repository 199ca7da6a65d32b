// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import {
  LOG_BYTES_LIMIT,
  type LogContext,
  type PrintkRecord,
  badLog,
  printkText,
  requireField,
  requireMember,
} from './printk-record.ts';

/**
 * Names of the structure of a record: it was renamed by Linux kernel commit 62e32ac3505a ("printk:
 * rename struct log to struct printk_log") (in v3.11).
 */
const RECORD_NAMES = ['printk_log', 'log'] as const;

/**
 * Reads the log of a kernel from 3.5 to 5.9: a `struct printk_log` after the other in `log_buf`, from
 * `log_first_idx` to `log_next_idx`; after one of length 0 the next is at the start. Throws
 * `FormatError`.
 */
export function readLogBuf({ memory, vmcoreinfo }: LogContext): PrintkRecord[] {
  if (vmcoreinfo.symbol('log_end') !== undefined) {
    throw new FormatError(
      'Cannot read the kernel log: expected records, found plain text, as before 3.5',
    );
  }
  const symbol = (name: string): bigint => {
    const vaddr = vmcoreinfo.symbol(name);
    requireField(vaddr, `SYMBOL(${name})`);
    return vaddr ?? 0n;
  };
  const length = memory.u32(symbol('log_buf_len'));
  if (length > LOG_BYTES_LIMIT)
    throw badLog('log_buf_len', `of at most ${LOG_BYTES_LIMIT}`, length);
  const bytes = memory.read(memory.u64(symbol('log_buf')), length);
  const first = memory.u32(symbol('log_first_idx'));
  const next = memory.u32(symbol('log_next_idx'));
  return [...recordsOf(bytes, { first, next, layout: layoutOf(vmcoreinfo) })];
}

interface LogRange {
  readonly first: number;
  readonly next: number;
  readonly layout: Layout;
}

type Layout = ReturnType<typeof layoutOf>;

function* recordsOf(bytes: Uint8Array, { first, next, layout }: LogRange): Generator<PrintkRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let wrapped = false;
  let seq = 0n;
  for (let at = first; at !== next;) {
    if (at + layout.bytes > bytes.length || (wrapped && at > next)) {
      throw badLog('log_next_idx', 'at the end of a record', next);
    }
    const length = view.getUint16(at + layout.len, true);
    if (length === 0) {
      if (wrapped) throw badLog('log_next_idx', 'after at most one wrap', next);
      wrapped = true;
      at = 0;
      continue;
    }
    if (length < layout.bytes || at + length > bytes.length) {
      throw badLog('len', `from ${layout.bytes} to the end of the log`, length);
    }
    yield recordAt(new DataView(view.buffer, view.byteOffset + at, length), { layout, seq });
    seq += 1n;
    at += length;
  }
}

function recordAt(
  view: DataView,
  { layout, seq }: { readonly layout: Layout; readonly seq: bigint },
): PrintkRecord {
  const textLength = view.getUint16(layout.textLen, true);
  const behind = new Uint8Array(view.buffer, view.byteOffset, view.byteLength).subarray(
    layout.bytes,
  );
  // After `dict_len` come `facility`, then `flags` and `level` in one byte.
  return {
    seq,
    nanoseconds: view.getBigUint64(layout.tsNsec, true),
    facility: view.getUint8(layout.dictLen + 2),
    level: view.getUint8(layout.dictLen + 3) >> 5,
    callerId: undefined,
    text: printkText(behind.subarray(0, textLength)),
  };
}

function layoutOf(vmcoreinfo: LogContext['vmcoreinfo']) {
  const name = RECORD_NAMES.find((known) => vmcoreinfo.size(known) !== undefined) ?? 'printk_log';
  const structBytes = requireField(vmcoreinfo.size(name), `SIZE(${name})`);
  const offset = (member: string, bytes: number): number =>
    requireMember(vmcoreinfo, `${name}.${member}`, { bytes, structBytes });
  return {
    bytes: structBytes,
    tsNsec: offset('ts_nsec', 8),
    len: offset('len', 2),
    textLen: offset('text_len', 2),
    dictLen: offset('dict_len', 4),
  };
}
