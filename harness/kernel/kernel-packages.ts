// SPDX-License-Identifier: MIT
import { byVersion, neighbours, newestVersion } from '../package/choose-version.ts';
import { versionBeginsWith } from '../package/debian-version.ts';
import type { PackageRecord } from '../package/package-records.ts';
import { type KernelReference, NEWEST, renderVersionReference } from './kernel-reference.ts';

/** A kernel that the mirror offers. */
export interface KernelPackage {
  readonly name: string;
  readonly version: string;
  /** `cloud`, `amd64`, `rt`, … */
  readonly flavour: string;
  readonly suite: string;
  /** The packages to unpack: one, or image, modules and base files where Debian splits them. */
  readonly parts: readonly PackageRecord[];
  /** Names of parts that no suite has any more: without them the kernel cannot be unpacked. */
  readonly missing: readonly string[];
}

/** A reference to a package, not to a file or a recipe. */
export type PackageReference = Exclude<KernelReference, { kind: 'path' | 'recipe' }>;

/**
 * An image of any flavour, signed or not: no meta package without a version, no -dbg, no template.
 */
const KERNEL_NAME =
  /^linux-(?:image|binary)-(?:unsigned-)?\d.*?(?:-([a-z]+))?-amd64(?:-unsigned)?$/;

/** `linux-image-6.12-amd64` is not a kernel: it depends on the newest one of its series. */
const META_DEPENDS = /\blinux-image-\d/;

/**
 * From 6.19 on the package that bears a kernel's name only depends on its parts, in its own
 * version.
 */
const SPLIT_DEPENDS = /\blinux-(?:base|binary|modules)-\d[^\s(]*(?= \(= )/g;

/**
 * The names of the packages that together hold the kernel of this package; all have its version.
 */
export function partNames(name: string, depends: string): string[] {
  const [, release] = /^linux-binary-(?:unsigned-)?(.+)$/.exec(name) ?? [];
  if (release !== undefined) return [name, `linux-modules-${release}`, `linux-base-${release}`];
  const parts: readonly string[] = depends.match(SPLIT_DEPENDS) ?? [];
  // 6.18 depends on base files only: its image is in the package itself.
  return parts.some((part) => part.startsWith('linux-binary-')) ? [...parts] : [name];
}

/**
 * The kernels whose parts are all on offer, oldest first: one for each version and flavour, signed
 * if there is a signed one.
 */
export function kernelsAmong(packages: readonly PackageRecord[]): KernelPackage[] {
  return onePerVersion(kernelPackages(packages)).filter(isComplete);
}

/**
 * The newest kernel that a reference matches; from a suite of last resort, or one with a part
 * missing, only if there is no other.
 */
export function findKernel(
  packages: readonly PackageRecord[],
  wanted: PackageReference,
): KernelPackage | undefined {
  const kernels = kernelPackages(packages);
  const matching =
    wanted.kind === 'package'
      ? kernels.filter(({ name }) => name === wanted.name).toSorted(byVersion)
      : onePerVersion(kernels).filter(
          ({ version, flavour }) =>
            flavour === wanted.flavour &&
            (wanted.version === NEWEST || versionBeginsWith(version, wanted.version)),
        );
  return newestVersion(matching.filter(isComplete)) ?? matching.at(-1);
}

/** The reference that names exactly this kernel. */
export function referenceTo({ version, flavour }: KernelPackage): string {
  return renderVersionReference(version, flavour);
}

/** The two kernels before and the two after a reference, of its flavour if the mirror has any. */
export function nearestReferences(
  packages: readonly PackageRecord[],
  wanted: PackageReference,
): string[] {
  const kernels = kernelsAmong(packages);
  const flavour = wanted.kind === 'package' ? flavourOf(wanted.name) : wanted.flavour;
  const flavoured = kernels.filter((kernel) => kernel.flavour === flavour);
  const candidates = flavoured.length > 0 ? flavoured : kernels;
  return wanted.kind === 'package'
    ? neighbours(candidates, wanted.name, ({ name }) => name).map(({ name }) => `debian:${name}`)
    : neighbours(candidates, wanted.version, ({ version }) => version).map(referenceTo);
}

function onePerVersion(kernels: readonly KernelPackage[]): KernelPackage[] {
  const chosen = new Map<string, KernelPackage>();
  for (const kernel of kernels.filter(({ name }) => name.startsWith('linux-image-'))) {
    const other = chosen.get(referenceTo(kernel));
    if (other === undefined || other.name.endsWith('-unsigned'))
      chosen.set(referenceTo(kernel), kernel);
  }
  return [...chosen.values()].toSorted(byVersion);
}

/** Every package that is a kernel. */
function kernelPackages(packages: readonly PackageRecord[]): KernelPackage[] {
  const byName = new Map<string, PackageRecord>();
  // The same package may be in several suites: the first one counts.
  for (const record of packages.toReversed())
    byName.set(`${record.name} ${record.version}`, record);
  return [...byName.values()].flatMap(({ name, version, suite, depends }) => {
    const flavour = flavourOf(name);
    if (flavour === undefined || META_DEPENDS.test(depends)) return [];
    const names = partNames(name, depends);
    const parts = names.flatMap((part) => byName.get(`${part} ${version}`) ?? []);
    const missing = names.filter((part) => !byName.has(`${part} ${version}`));
    return [{ name, version, flavour, suite, parts, missing }];
  });
}

/** The flavour in the name of a kernel package, or undefined if it is not such a name. */
function flavourOf(name: string): string | undefined {
  const match = KERNEL_NAME.exec(name);
  return match === null ? undefined : (match[1] ?? 'amd64');
}

function isComplete({ missing }: KernelPackage): boolean {
  return missing.length === 0;
}
