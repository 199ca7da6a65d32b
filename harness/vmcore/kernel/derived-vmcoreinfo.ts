// SPDX-License-Identifier: MIT
/**
 * What VMCOREINFO would say of a kernel that died before it had written one: from BTF, else the
 * layouts that kernels have had. Of several the one counts with which memory makes sense.
 */
import { type Vmcoreinfo, parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import type { Btf } from './btf.ts';
import type { Kallsyms } from './kallsyms.ts';

/** Values of VMCOREINFO by key. */
type Fields = Readonly<Record<string, number | bigint>>;

/** Symbols of VMCOREINFO that readers ask for; those that a kernel does not have are left out. */
const SYMBOLS = ['_stext', 'prb', 'log_buf', 'log_buf_len', 'log_first_idx', 'log_next_idx'];

/** Members and structures that the readers of the log ask for. */
const PRINTK_MEMBERS = [
  'printk_ringbuffer.desc_ring',
  'printk_ringbuffer.text_data_ring',
  'prb_desc_ring.count_bits',
  'prb_desc_ring.descs',
  'prb_desc_ring.infos',
  'prb_desc_ring.head_id',
  'prb_desc_ring.tail_id',
  'prb_desc.state_var',
  'prb_desc.text_blk_lpos',
  'prb_data_blk_lpos.begin',
  'prb_data_blk_lpos.next',
  'printk_info.seq',
  'printk_info.ts_nsec',
  'printk_info.text_len',
  'printk_info.caller_id',
  'prb_data_ring.size_bits',
  'prb_data_ring.data',
];
const PRINTK_STRUCTS = ['prb_desc', 'printk_info'];

/** The log of 5.10 (kernel/printk/printk_ringbuffer.h), and `struct printk_log` before. */
const PRINTK_5_10: Fields = {
  'OFFSET(printk_ringbuffer.desc_ring)': 0,
  'OFFSET(printk_ringbuffer.text_data_ring)': 40,
  'OFFSET(prb_desc_ring.count_bits)': 0,
  'OFFSET(prb_desc_ring.descs)': 8,
  'OFFSET(prb_desc_ring.infos)': 16,
  'OFFSET(prb_desc_ring.head_id)': 24,
  'OFFSET(prb_desc_ring.tail_id)': 32,
  'SIZE(prb_desc)': 24,
  'OFFSET(prb_desc.state_var)': 0,
  'OFFSET(prb_desc.text_blk_lpos)': 8,
  'OFFSET(prb_data_blk_lpos.begin)': 0,
  'OFFSET(prb_data_blk_lpos.next)': 8,
  'SIZE(printk_info)': 88,
  'OFFSET(printk_info.seq)': 0,
  'OFFSET(printk_info.ts_nsec)': 8,
  'OFFSET(printk_info.text_len)': 16,
  'OFFSET(printk_info.caller_id)': 20,
  'OFFSET(prb_data_ring.size_bits)': 0,
  'OFFSET(prb_data_ring.data)': 8,
  'SIZE(printk_log)': 16,
  'OFFSET(printk_log.ts_nsec)': 0,
  'OFFSET(printk_log.len)': 8,
  'OFFSET(printk_log.text_len)': 10,
  'OFFSET(printk_log.dict_len)': 12,
};

/**
 * How the log differs in later kernels: Linux kernel commit f244b4dc53e5 ("printk: ringbuffer:
 * Improve prb_next_seq() performance") (in v6.0) added `last_finalized_id`, and
 * CONFIG_PRINTK_EXECUTION_CTX adds `caller_id2` and `comm` to a record.
 */
const PRINTK_CHANGES: readonly Fields[] = [
  { 'OFFSET(printk_ringbuffer.text_data_ring)': 48 },
  {},
  { 'OFFSET(printk_ringbuffer.text_data_ring)': 48, 'SIZE(printk_info)': 112 },
];

/** `struct page` of x86-64 from 5.10 on (include/linux/mm_types.h). */
const PAGE_5_10: Fields = {
  'SIZE(page)': 64,
  'OFFSET(page.flags)': 0,
  'OFFSET(page.compound_head)': 8,
  'OFFSET(page.mapping)': 24,
  'OFFSET(page.private)': 40,
  'OFFSET(page._mapcount)': 48,
  'OFFSET(page._refcount)': 52,
};

const PAGE_MEMBERS = ['flags', 'mapping', 'private', '_mapcount', '_refcount'];

/**
 * Page types (include/linux/page-flags.h): a byte since Linux kernel commit 4ffca5a96678 ("mm:
 * support only one page_type per page") (in v6.12), a high bit that is 0 in v6.11, a low one before,
 * where slab is a flag.
 */
const PAGE_TYPES: readonly Fields[] = [
  {
    'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)': 0xf000_0000,
    'NUMBER(PAGE_OFFLINE_MAPCOUNT_VALUE)': 0xf100_0000,
    'NUMBER(PAGE_HUGETLB_MAPCOUNT_VALUE)': 0xf400_0000,
    'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)': 0xf500_0000,
  },
  { 'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)': -129 },
  { 'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)': ~0x4000_0000 },
];

/** What VMCOREINFO would say of the log: each way that it may be laid out, likeliest first. */
export function printkCandidates(kallsyms: Kallsyms, btf: Btf | null): Vmcoreinfo[] {
  const symbols = symbolFields(kallsyms);
  const known = btf && btfFields(btf, PRINTK_MEMBERS, PRINTK_STRUCTS);
  if (known) return [vmcoreinfoOf({ ...symbols, ...known })];
  return PRINTK_CHANGES.map((changes) => vmcoreinfoOf({ ...symbols, ...PRINTK_5_10, ...changes }));
}

/** Likewise of `struct page`; `reservedBit` is `PG_reserved`, which nothing but memory tells. */
export function pageCandidates(btf: Btf | null, reservedBit: number): Vmcoreinfo[] {
  const members = PAGE_MEMBERS.map((member) => `page.${member}`);
  const heads = ['page.compound_head', 'page.compound_info'];
  const fields = heads
    .map((head) => btf && btfFields(btf, [...members, head], ['page']))
    .find((found) => found !== null && found !== undefined);
  return PAGE_TYPES.map((types) =>
    vmcoreinfoOf({ ...(fields ?? PAGE_5_10), ...types, 'NUMBER(PG_private)': reservedBit + 1 }),
  );
}

function symbolFields(kallsyms: Kallsyms): Fields {
  const found = SYMBOLS.flatMap((name) => {
    const address = kallsyms.address(name);
    return address === undefined ? [] : [[`SYMBOL(${name})`, address] as const];
  });
  return Object.fromEntries(found);
}

/** The offsets of members and the sizes of structures; null if BTF lacks one. */
function btfFields(
  btf: Btf,
  members: readonly string[],
  structs: readonly string[],
): Fields | null {
  const fields: Record<string, number> = {};
  for (const member of members) {
    const offset = btf.offset(member);
    if (offset === undefined) return null;
    fields[`OFFSET(${member})`] = offset;
  }
  for (const struct of structs) {
    const size = btf.structSize(struct);
    if (size === undefined) return null;
    fields[`SIZE(${struct})`] = size;
  }
  return fields;
}

function vmcoreinfoOf(fields: Fields): Vmcoreinfo {
  const lines = Object.entries(fields).map(([key, value]) =>
    key.startsWith('SYMBOL') ? `${key}=${value.toString(16)}\n` : `${key}=${value}\n`,
  );
  return parseVmcoreinfo(Buffer.from(lines.join('')));
}
