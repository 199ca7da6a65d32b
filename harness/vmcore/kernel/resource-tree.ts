// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import { type Seen, seeing } from '../../seen.ts';
import type { Btf } from './btf.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** A `struct resource`, with inclusive bounds as in the kernel. */
export interface KernelResource {
  readonly first: bigint;
  readonly last: bigint;
  readonly name: string;
  /** How many others it is nested in; the root, which has no line, does not count. */
  readonly depth: number;
}

/** The offsets of the members of `struct resource`, in bytes. */
interface ResourceLayout {
  readonly start: number;
  readonly end: number;
  readonly name: number;
  readonly parent: number;
  readonly sibling: number;
  readonly child: number;
}

/** What resources are read from. */
export interface ResourceSources {
  readonly memory: VirtualMemory;
  readonly btf: Seen<Btf>;
}

/** Layouts without BTF: with `desc` (Linux kernel commit 43ee493bde78 (in v4.6)), and before. */
const WITH_DESC = { start: 0, end: 8, name: 16, parent: 40, sibling: 48, child: 56 };
const WITHOUT_DESC = { start: 0, end: 8, name: 16, parent: 32, sibling: 40, child: 48 };

/** Resources of a tree, at most; a large machine has some thousands. */
const RESOURCE_LIMIT = 65_536;
/** Bytes kept of a name. */
const NAME_LIMIT = 128;
/** How deep resources nest, at most; `r_show()` shows fewer levels (`MAX_IORES_LEVEL`). */
const DEPTH_LIMIT = 64;

/**
 * Reads all that is in a resource such as `iomem_resource`, parents before children. Throws
 * `FormatError`, also for links that contradict each other.
 */
export function readResourceTree(sources: ResourceSources, root: bigint): KernelResource[] {
  return [...resourcesOf(sources.memory, root, resourceLayout(sources, root))];
}

/** Reads one resource, such as `crashk_res`. Throws `FormatError`. */
export function readResource(sources: ResourceSources, at: bigint): KernelResource {
  // The layouts agree on the members that are read here.
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
      throw badTree(at, 'expected a tree, found a loop');
    }
    seen.add(at);
    const found = memory.u64(at + BigInt(layout.parent));
    if (found !== parent) throw badTree(at, `expected parent ${hex(parent)}, found ${hex(found)}`);
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
  // An empty resource may end one before its start.
  if (first > last + 1n)
    throw badTree(at, `expected an end after its start ${hex(first)}, found ${hex(last)}`);
  const name = memory.u64(at + BigInt(layout.name));
  return { first, last, name: name === 0n ? '<BAD>' : memory.text(name, NAME_LIMIT) };
}

/** The layout by BTF, or else the one in which the root is the parent of its first child. */
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
  throw badTree(root, 'expected a first child whose parent it is, found none');
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
