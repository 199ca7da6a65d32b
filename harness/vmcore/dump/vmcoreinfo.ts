// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { printableText } from '../../memory/printable-text.ts';

/**
 * The VMCOREINFO note, which a kernel writes for the readers of its dump
 * (Documentation/admin-guide/kdump/vmcoreinfo.rst). Asking for a malformed value throws
 * `FormatError`.
 */
export interface Vmcoreinfo {
  /** The lines by key; of several with one key, the last. */
  readonly fields: ReadonlyMap<string, string>;
  /** `OSRELEASE`, which is `uname -r`. */
  readonly release: string | undefined;
  /** `BUILD-ID`, lower-case hexadecimal. */
  readonly buildId: string | undefined;
  /** `PAGESIZE`, in bytes. */
  readonly pageBytes: number | undefined;
  /** `KERNELOFFSET`: by how many bytes KASLR moved the kernel image. */
  readonly kernelOffset: bigint | undefined;
  /** `SYMBOL(name)`: its virtual address, after KASLR. */
  symbol(name: string): bigint | undefined;
  /** `OFFSET(member)`, such as `OFFSET(page.flags)`: bytes from the start of the structure. */
  offset(member: string): number | undefined;
  /** `SIZE(type)`, in bytes. */
  size(type: string): number | undefined;
  /** `LENGTH(array)`, in elements. */
  length(array: string): number | undefined;
  /** `NUMBER(name)`: a constant or a variable's value, often negative or 0. */
  number(name: string): number | undefined;
  /** The text of any other key: `CRASHTIME`, `CONFIG_X86_PAE`. */
  text(key: string): string | undefined;
}

/** Bytes of a note; the kernel has one page for it (`VMCOREINFO_BYTES`). */
const MAX_TEXT_BYTES = 65_536;

const DECIMAL = /^-?\d+$/;
const HEXADECIMAL = /^(?:0x)?[\da-f]{1,16}$/i;

/** Parses the text of a VMCOREINFO note. Throws `FormatError`. */
export function parseVmcoreinfo(bytes: Uint8Array): Vmcoreinfo {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new FormatError(
      `Cannot read VMCOREINFO: expected at most ${MAX_TEXT_BYTES} bytes, found ${bytes.length}`,
    );
  }
  const fields = new Map(fieldsOf(Buffer.from(bytes).toString('latin1')));
  const count = (key: string): number | undefined => findCount(fields, key);
  return {
    fields,
    release: fields.get('OSRELEASE'),
    buildId: fields.get('BUILD-ID'),
    pageBytes: count('PAGESIZE'),
    kernelOffset: findAddress(fields, 'KERNELOFFSET'),
    symbol: (name) => findAddress(fields, `SYMBOL(${name})`),
    offset: (member) => count(`OFFSET(${member})`),
    size: (type) => count(`SIZE(${type})`),
    length: (array) => count(`LENGTH(${array})`),
    number: (name) => findNumber(fields, `NUMBER(${name})`),
    text: (key) => fields.get(key),
  };
}

function fieldsOf(text: string): [string, string][] {
  return text.split('\n').flatMap((line): [string, string][] => {
    // The note fills a page: zeroes follow the text.
    const [plain = ''] = line.split('\0', 1);
    const equals = plain.indexOf('=');
    return equals > 0 ? [[plain.slice(0, equals), plain.slice(equals + 1)]] : [];
  });
}

type Fields = ReadonlyMap<string, string>;

function findNumber(fields: Fields, key: string): number | undefined {
  const text = fields.get(key);
  if (text === undefined) return undefined;
  // x86 writes numbers as "%ld", other architectures some of theirs as "0x%lx".
  const isNumber = DECIMAL.test(text) || (text.startsWith('0x') && HEXADECIMAL.test(text));
  const value = isNumber ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw noValue(key, 'a number', text);
}

function findCount(fields: Fields, key: string): number | undefined {
  const value = findNumber(fields, key);
  if (value === undefined || value >= 0) return value;
  throw noValue(key, 'no negative number', String(value));
}

/** Addresses are hexadecimal without a prefix (`vmcoreinfo_append_str("SYMBOL(%s)=%lx\n")`). */
function findAddress(fields: Fields, key: string): bigint | undefined {
  const text = fields.get(key);
  if (text === undefined) return undefined;
  if (HEXADECIMAL.test(text)) return BigInt(text.startsWith('0x') ? text : `0x${text}`);
  throw noValue(key, 'an address in hexadecimal', text);
}

function noValue(key: string, expected: string, found: string): FormatError {
  const shown = printableText(found.slice(0, 40));
  return new FormatError(
    `Cannot read ${key} of VMCOREINFO: expected ${expected}, found "${shown}"`,
  );
}
