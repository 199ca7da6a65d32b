// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { PackageRecord } from '../package/package-records.ts';
import {
  type PackageReference,
  findKernel,
  kernelsAmong,
  nearestReferences,
  partNames,
  referenceTo,
} from './kernel-packages.ts';
import { parseKernelReference } from './kernel-reference.ts';

/** A package, written as suite, name and version. */
function record(text: string, depends = ''): PackageRecord {
  const [suite = '', name = '', version = ''] = text.split(' ');
  return {
    name,
    version,
    suite,
    uri: `http://mirror.example/${name}`,
    bytes: 1,
    sha256: '',
    depends,
  };
}

/** The packages of a kernel that Debian splits, of whose parts the suite has `left`. */
function split(text: string, left = ['base', 'binary', 'modules']): PackageRecord[] {
  const [suite = '', release = '', version = ''] = text.split(' ');
  const depends = ['base', 'binary', 'modules'].map(
    (part) => `linux-${part}-${release} (= ${version})`,
  );
  return [
    record(`${suite} linux-image-${release} ${version}`, ['kmod', ...depends].join(', ')),
    ...left.map((part) => record(`${suite} linux-${part}-${release} ${version}`)),
  ];
}

const PACKAGES: readonly PackageRecord[] = [
  record('bullseye linux-image-5.10.0-32-cloud-amd64 5.10.223-1', 'kmod, linux-base (>= 4.3~)'),
  record('bullseye-security linux-image-5.10.0-46-cloud-amd64-unsigned 5.10.262-1'),
  record('bullseye-security linux-image-5.10.0-46-cloud-amd64 5.10.262-1'),
  record('bullseye-security linux-image-5.10.0-46-rt-amd64 5.10.262-1'),
  record('bullseye-security linux-image-5.10.0-46-amd64 5.10.262-1'),
  record('bullseye-security linux-image-5.10.0-46-cloud-amd64-dbg 5.10.262-1'),
  record('bullseye-security linux-image-amd64-signed-template 5.10.262-1'),
  record('bullseye-security linux-image-6.1.0-0.deb11.48-cloud-amd64 6.1.172-1~deb11u1'),
  record('bookworm linux-image-6.1.0-48-cloud-amd64 6.1.172-1'),
  record('bookworm-security linux-image-6.1.0-48-cloud-amd64 6.1.172-1'),
  record(
    'bookworm linux-image-cloud-amd64 6.1.172-1',
    'linux-image-6.1.0-48-cloud-amd64 (= 6.1.172-1)',
  ),
  record('bookworm-backports linux-image-6.12.43+deb12-cloud-amd64 6.12.43-1~bpo12+1'),
  record(
    'bookworm-security linux-image-6.12-cloud-amd64 6.12.117-1~deb12u1',
    'linux-image-6.12.117+deb12-cloud-amd64 (= 6.12.117-1~deb12u1)',
  ),
  record('trixie linux-image-6.12.107+deb13-cloud-amd64-unsigned 6.12.107-1'),
  record(
    'trixie-backports linux-image-6.18.5+deb13-cloud-amd64 6.18.5-1~bpo13+1',
    'linux-base-6.18.5+deb13-cloud-amd64 (= 6.18.5-1~bpo13+1)',
  ),
  ...split('trixie-backports 7.1.13+deb13-cloud-amd64 7.1.13-1~bpo13+1', ['binary']),
  ...split('sid 7.2.13+deb14-cloud-amd64 7.2.13-1'),
  ...split('experimental 7.3-cloud-amd64 7.3~rc7-1~exp1'),
];

function packageReference(ref: string): PackageReference {
  const wanted = parseKernelReference(ref);
  if (wanted.kind === 'path' || wanted.kind === 'recipe') throw new TypeError(ref);
  return wanted;
}

describe('findKernel', () => {
  it.each([
    ['debian:5.10', 'linux-image-5.10.0-46-cloud-amd64', 'bullseye-security'],
    ['debian:5.10.223', 'linux-image-5.10.0-32-cloud-amd64', 'bullseye'],
    ['debian:5.10/rt', 'linux-image-5.10.0-46-rt-amd64', 'bullseye-security'],
    ['debian:5.10/amd64', 'linux-image-5.10.0-46-amd64', 'bullseye-security'],
    ['debian:6.1', 'linux-image-6.1.0-48-cloud-amd64', 'bookworm'],
    ['debian:6.1.172-1~deb11u1', 'linux-image-6.1.0-0.deb11.48-cloud-amd64', 'bullseye-security'],
    ['debian:6.12.43', 'linux-image-6.12.43+deb12-cloud-amd64', 'bookworm-backports'],
    ['debian:6.12', 'linux-image-6.12.107+deb13-cloud-amd64-unsigned', 'trixie'],
    ['debian:6.18', 'linux-image-6.18.5+deb13-cloud-amd64', 'trixie-backports'],
    ['debian:7', 'linux-image-7.2.13+deb14-cloud-amd64', 'sid'],
    ['debian:newest', 'linux-image-7.2.13+deb14-cloud-amd64', 'sid'],
    ['debian:7.3', 'linux-image-7.3-cloud-amd64', 'experimental'],
    [
      'debian:linux-image-5.10.0-46-cloud-amd64-unsigned',
      'linux-image-5.10.0-46-cloud-amd64-unsigned',
      'bullseye-security',
    ],
    [
      'debian:linux-binary-7.2.13+deb14-cloud-amd64',
      'linux-binary-7.2.13+deb14-cloud-amd64',
      'sid',
    ],
  ])('takes for %s the package %s of %s', (ref, name, suite) => {
    expect(findKernel(PACKAGES, packageReference(ref))).toMatchObject({ name, suite, missing: [] });
  });

  it.each([
    'debian:5.1',
    'debian:5.10.0',
    'debian:6.12/rt',
    'debian:6.12.117',
    'debian:linux-image-cloud-amd64',
    'debian:linux-image-5.10.0-46-cloud-amd64-dbg',
  ])('finds nothing for %s', (ref) => {
    expect(findKernel(PACKAGES, packageReference(ref))).toBeUndefined();
  });

  it('names the parts that a kernel lacks when there is no other', () => {
    expect(findKernel(PACKAGES, packageReference('debian:7.1'))).toMatchObject({
      name: 'linux-image-7.1.13+deb13-cloud-amd64',
      missing: ['linux-base-7.1.13+deb13-cloud-amd64', 'linux-modules-7.1.13+deb13-cloud-amd64'],
    });
  });

  it('takes a split kernel from its parts, not from the package that depends on them', () => {
    const parts = findKernel(PACKAGES, packageReference('debian:7.2'))?.parts;
    expect(parts?.map(({ name }) => name)).toEqual([
      'linux-base-7.2.13+deb14-cloud-amd64',
      'linux-binary-7.2.13+deb14-cloud-amd64',
      'linux-modules-7.2.13+deb14-cloud-amd64',
    ]);
  });
});

it('lists each version and flavour once, oldest first, without those that lack a part', () => {
  expect(kernelsAmong(PACKAGES).map(referenceTo)).toEqual([
    'debian:5.10.223-1',
    'debian:5.10.262-1/amd64',
    'debian:5.10.262-1/rt',
    'debian:5.10.262-1',
    'debian:6.1.172-1~deb11u1',
    'debian:6.1.172-1',
    'debian:6.12.43-1~bpo12+1',
    'debian:6.12.107-1',
    'debian:6.18.5-1~bpo13+1',
    'debian:7.2.13-1',
    'debian:7.3~rc7-1~exp1',
  ]);
});

it.each([
  ['debian:5.1', ['debian:5.10.223-1', 'debian:5.10.262-1']],
  [
    'debian:6.12.44',
    [
      'debian:6.1.172-1',
      'debian:6.12.43-1~bpo12+1',
      'debian:6.12.107-1',
      'debian:6.18.5-1~bpo13+1',
    ],
  ],
  ['debian:9', ['debian:7.2.13-1', 'debian:7.3~rc7-1~exp1']],
  ['debian:6.12/rt', ['debian:5.10.262-1/rt']],
  [
    'debian:7.2/none',
    ['debian:6.12.107-1', 'debian:6.18.5-1~bpo13+1', 'debian:7.2.13-1', 'debian:7.3~rc7-1~exp1'],
  ],
  [
    'debian:linux-image-5.10.0-47-cloud-amd64',
    [
      'debian:linux-image-5.10.0-32-cloud-amd64',
      'debian:linux-image-5.10.0-46-cloud-amd64',
      'debian:linux-image-6.1.0-0.deb11.48-cloud-amd64',
      'debian:linux-image-6.1.0-48-cloud-amd64',
    ],
  ],
])('finds what is near %s', (ref, near) => {
  expect(nearestReferences(PACKAGES, packageReference(ref))).toEqual(near);
});

it.each([
  ['linux-image-5.10.0-46-amd64', 'kmod, linux-base (>= 4.3~)', ['linux-image-5.10.0-46-amd64']],
  [
    'linux-binary-unsigned-7.2-amd64',
    'linux-base-7.2-amd64 (= 7.2-1)',
    ['linux-binary-unsigned-7.2-amd64', 'linux-modules-7.2-amd64', 'linux-base-7.2-amd64'],
  ],
])('names the parts of %s', (name, depends, parts) => {
  expect(partNames(name, depends)).toEqual(parts);
});
