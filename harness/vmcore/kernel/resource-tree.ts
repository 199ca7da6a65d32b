// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import { type Seen, seeing } from '../../seen.ts';
import type { Btf } from './btf.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** A `struct resource`, its bounds inclusive as the kernel has them. */
export interface KernelResource {
  readonly first: bigint;
  readonly last: bigint;
  readonly name: string;
  /** How many others it lies in; the root, which is no line of its own, is not counted. */
  readonly depth: number;
}

/** Where `struct resource` has its members, bytes. */
interface ResourceLayout {
  readonly start: number;
  readonly end: number;
  readonly name: number;
  readonly parent: number;
  readonly sibling: number;
  readonly child: number;
}

/** What is read of a kernel, and what tells its types. */
export interface ResourceSources {
  readonly memory: VirtualMemory;
  readonly btf: Seen<Btf>;
}

/** Layouts for a kernel without BTF: with `desc` (Linux kernel commit 43ee493bde78 (in v4.6)), and without. */
const WITH_DESC = { start: 0, end: 8, name: 16, parent: 40, sibling: 48, child: 56 };
const WITHOUT_DESC = { start: 0, end: 8, name: 16, parent: 32, sibling: 40, child: 48 };

/** Resources of a tree: a large machine has some thousands. */
const RESOURCE_LIMIT = 65_536;
/** Bytes of a name that are kept. */
const NAME_LIMIT = 128;
/** `r_show()` indents no deeper (`MAX_IORES_LEVEL`, and 5 in older kernels). */
const DEPTH_LIMIT = 64;

/**
 * Reads all that lies in a resource such as `iomem_resource`, parents before children. Throws `FormatError`, for a tree whose
 * links contradict one another too.
 */
export function readResourceTree(sources: ResourceSources, root: bigint): KernelResource[] {
  return [...resourcesOf(sources.memory, root, resourceLayout(sources, root))];
}

/** Reads one resource, such as `crashk_res`. Throws `FormatError`. */
export function readResource(sources: ResourceSources, at: bigint): KernelResource {
  // All layouts agree on what is read here.
  const layout = sources.btf.value ? btfLayout(sources.btf.value) : WITH_DESC;
  return { ...readAt(sources.memory, at, layout), depth: 0 };
}

/** The lines of `/proc/iomem` (`r_show()`), without line feeds. */
export function renderResources(resources: readonly KernelResource[]): string[] {
  const digits = (value: bigint): string => value.toString(16).padStart(8, '0');
  return resources.map(
    ({ first, last, name, depth }) =>
      `${'  '.repeat(depth)}${digits(first)}-${digits(last)} : ${name}`,
  );
}

function* resourcesOf(
  memory: VirtualMemory,
  root: bigint,
  layout: ResourceLayout,
): Generator<KernelResource> {
  const seen = new Set<bigint>([root]);
  const stack = [{ at: memory.u64(root + BigInt(layout.child)), parent: root }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { at, parent } = next;
    if (at === 0n) continue;
    if (seen.has(at) || seen.size > RESOURCE_LIMIT || stack.length > DEPTH_LIMIT) {
      throw badTree(at, 'a tree of other resources wanted, one that was there is found');
    }
    seen.add(at);
    const found = memory.u64(at + BigInt(layout.parent));
    if (found !== parent) throw badTree(at, `parent ${hex(parent)} wanted, ${hex(found)} found`);
    yield { ...readAt(memory, at, layout), depth: stack.length };
    stack.push({ at: memory.u64(at + BigInt(layout.sibling)), parent });
    stack.push({ at: memory.u64(at + BigInt(layout.child)), parent: at });
  }
}

function readAt(
  memory: VirtualMemory,
  at: bigint,
  layout: ResourceLayout,
): Omit<KernelResource, 'depth'> {
  const first = memory.u64(at + BigInt(layout.start));
  const last = memory.u64(at + BigInt(layout.end));
  // A resource of no bytes ends before it starts: `crashk_res` before it is reserved is 0 to 0.
  if (first > last + 1n)
    throw badTree(at, `an end behind its start ${hex(first)} wanted, ${hex(last)} found`);
  const name = memory.u64(at + BigInt(layout.name));
  return { first, last, name: name === 0n ? '<BAD>' : memory.text(name, NAME_LIMIT) };
}

/** The layout that BTF has, or else that in which the root's first child has the root as its parent. */
function resourceLayout({ memory, btf }: ResourceSources, root: bigint): ResourceLayout {
  if (btf.value) return btfLayout(btf.value);
  const isRight = ({ child, parent }: ResourceLayout): boolean => {
    const first = memory.u64(root + BigInt(child));
    return first !== 0n && memory.u64(first + BigInt(parent)) === root;
  };
  for (const layout of [WITH_DESC, WITHOUT_DESC]) {
    // A wrong layout takes something else for a pointer, which may lead nowhere.
    if (seeing(() => isRight(layout)).value) return layout;
  }
  throw badTree(root, 'a first child that has it as its parent wanted, none found');
}

function btfLayout(btf: Btf): ResourceLayout {
  const offset = (member: string): number => btf.requireOffset(`resource.${member}`);
  return {
    start: offset('start'),
    end: offset('end'),
    name: offset('name'),
    parent: offset('parent'),
    sibling: offset('sibling'),
    child: offset('child'),
  };
}

function badTree(at: bigint, what: string): FormatError {
  return new FormatError(`Cannot read struct resource at ${hex(at)}: ${what}`);
}
