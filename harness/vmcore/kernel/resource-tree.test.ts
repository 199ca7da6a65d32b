// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { KERNEL_TYPES, btfBytes } from '../testing/btf-builder.ts';
import { Btf } from './btf.ts';
import { BtfTypes } from './btf-types.ts';
import {
  NO_SYMBOLS,
  builtKernel,
  readerOf,
  vaddrOf,
  writeText,
  writeWords,
} from '../testing/kernel-builder.ts';
import { readResource, readResourceTree, renderResources } from './resource-tree.ts';

const ROOT = 0x8000;
const [LOW, RAM, CODE] = [0x8100, 0x8200, 0x8300];

/** A resource: its bounds, and the offsets of those it links to. */
interface ResourceSpec {
  readonly at: number;
  readonly bounds: readonly [number, number];
  readonly links: readonly [parent: number, sibling: number, child: number];
  readonly name?: string;
}

const TREE: ResourceSpec[] = [
  { at: ROOT, bounds: [0, 0xff_ffff_ffff], links: [0, 0, LOW], name: 'PCI mem' },
  { at: LOW, bounds: [0, 0xfff], links: [ROOT, RAM, 0], name: 'Reserved' },
  { at: RAM, bounds: [0x1000, 0x1_7fff_ffff], links: [ROOT, 0, CODE], name: 'System RAM' },
  { at: CODE, bounds: [0x100_0000, 0x1ff_ffff], links: [RAM, 0, 0] },
];

function kernelWith(tree: readonly ResourceSpec[], hasDesc = true) {
  const kernel = builtKernel();
  for (const { at, bounds, links, name } of tree) {
    const text = name === undefined ? 0n : writeText(kernel.ram, at + 0x80, name);
    const pointers = links.map((offset) => (offset === 0 ? 0n : vaddrOf(offset)));
    writeWords(kernel.ram, at, [...bounds, text, 0x200, ...(hasDesc ? [0] : []), ...pointers]);
  }
  return readerOf(kernel);
}

const btf = { value: new Btf(BtfTypes.parse(btfBytes(KERNEL_TYPES))) };

describe('readResourceTree()', () => {
  it.each([
    { what: 'BTF', hasDesc: true, types: btf },
    { what: 'no BTF', hasDesc: true, types: NO_SYMBOLS.btf },
    { what: 'no BTF, and no desc', hasDesc: false, types: NO_SYMBOLS.btf },
  ])('gives the lines of /proc/iomem with $what', ({ hasDesc, types }) => {
    const { memory } = kernelWith(TREE, hasDesc);
    const tree = readResourceTree({ memory, btf: types }, vaddrOf(ROOT));
    expect(renderResources(tree)).toEqual([
      '00000000-00000fff : Reserved',
      '00001000-17fffffff : System RAM',
      '  01000000-01ffffff : <BAD>',
    ]);
  });

  it.each<{ lie: string; change: ResourceSpec; message: string }>([
    {
      lie: 'a sibling seen before',
      change: { at: RAM, bounds: [0x1000, 0x1fff], links: [ROOT, LOW, 0] },
      message: 'at 0xffffffff80008100: expected a tree, found a loop',
    },
    {
      lie: 'a child that is its parent',
      change: { at: CODE, bounds: [0x1000, 0x1fff], links: [RAM, 0, RAM] },
      message: 'at 0xffffffff80008200: expected a tree, found a loop',
    },
    {
      lie: 'a child of another',
      change: { at: CODE, bounds: [0x1000, 0x1fff], links: [LOW, 0, 0] },
      message:
        'at 0xffffffff80008300: expected parent 0xffffffff80008200, found 0xffffffff80008100',
    },
    {
      lie: 'an end before its start',
      change: { at: LOW, bounds: [0x2000, 0x1000], links: [ROOT, RAM, 0] },
      message: 'at 0xffffffff80008100: expected an end after its start 0x2000, found 0x1000',
    },
  ])('refuses $lie', ({ change, message }) => {
    const { memory } = kernelWith([...TREE, change]);
    expect(() => readResourceTree({ memory, ...NO_SYMBOLS }, vaddrOf(ROOT))).toThrow(
      new FormatError(`Cannot read struct resource ${message}`),
    );
  });

  it('refuses a root without children, as it cannot tell the layout', () => {
    const { memory } = kernelWith([]);
    expect(() => readResourceTree({ memory, ...NO_SYMBOLS }, vaddrOf(ROOT))).toThrow(
      new FormatError(
        'Cannot read struct resource at 0xffffffff80008000: expected a first child whose parent it is, found none',
      ),
    );
  });
});

describe('readResource()', () => {
  it('gives one resource', () => {
    const { memory } = kernelWith(TREE);
    expect(readResource({ memory, btf }, vaddrOf(LOW))).toEqual({
      first: 0n,
      last: 0xfffn,
      name: 'Reserved',
      depth: 0,
    });
  });
});
