// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseKernelReference, renderVersionReference } from './kernel-reference.ts';

it.each([
  ['debian:6.12', { kind: 'version', version: '6.12', flavour: 'cloud' }],
  ['debian:newest', { kind: 'version', version: 'newest', flavour: 'cloud' }],
  ['debian:6.12/rt', { kind: 'version', version: '6.12', flavour: 'rt' }],
  [
    'debian:6.12.43-1~bpo12+1/amd64',
    { kind: 'version', version: '6.12.43-1~bpo12+1', flavour: 'amd64' },
  ],
  [
    'debian:linux-image-6.12.43+deb12-cloud-amd64',
    { kind: 'package', name: 'linux-image-6.12.43+deb12-cloud-amd64' },
  ],
  [
    'debian:linux-binary-unsigned-7.2.13+deb14-amd64',
    { kind: 'package', name: 'linux-binary-unsigned-7.2.13+deb14-amd64' },
  ],
  ['arch/x86/boot/bzImage', { kind: 'path', path: 'arch/x86/boot/bzImage' }],
  ['recipe:two-phase-6.12', { kind: 'recipe', recipe: 'two-phase-6.12' }],
  ['debian-6.12.deb', { kind: 'path', path: 'debian-6.12.deb' }],
])('reads %s', (ref, wanted) => {
  expect(parseKernelReference(ref)).toEqual(wanted);
});

it.each([
  'debian:',
  'debian:bookworm',
  'debian:v6.12',
  'debian:6.12/',
  'debian:6.12 ',
  'debian:linux-headers-6.1',
  'debian:../x',
])('refuses "%s" and says what a reference can be', (ref) => {
  expect(() => parseKernelReference(ref)).toThrow(
    new UsageError(
      `Cannot read the kernel reference "${ref}": expected debian:<version>, debian:<version>/<flavour>, ` +
        'debian:newest or debian:linux-image-…; "sub1m kernels" lists them',
    ),
  );
});

it.each(['debian:5.10.262-1', 'debian:5.10.262-1/rt'])('prints %s as it was', (ref) => {
  const read = parseKernelReference(ref);
  expect(read.kind === 'version' && renderVersionReference(read.version, read.flavour)).toBe(ref);
});
