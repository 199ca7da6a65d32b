// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { parseOvmfReference } from './ovmf-reference.ts';

it.each([
  ['host', { kind: 'host' }],
  ['debian:2022.11', { kind: 'version', version: '2022.11' }],
  ['debian:2026.08+ds-2', { kind: 'version', version: '2026.08+ds-2' }],
  ['debian:bullseye', { kind: 'suite', suite: 'bullseye' }],
  ['debian:bookworm-security', { kind: 'suite', suite: 'bookworm-security' }],
  ['./host', { kind: 'path', path: './host' }],
  ['Build/FV/OVMF_CODE.fd', { kind: 'path', path: 'Build/FV/OVMF_CODE.fd' }],
  ['2022.11', { kind: 'path', path: '2022.11' }],
])('reads %s', (ref, wanted) => {
  expect(parseOvmfReference(ref)).toEqual(wanted);
});

it.each(['debian:', 'debian:bulseye', 'debian:v2022.11', 'debian:2022.11/x', 'debian:2022.11 '])(
  'refuses "%s" and says what a reference can be',
  (ref) => {
    expect(() => parseOvmfReference(ref)).toThrow(
      new UsageError(
        `Cannot read the firmware reference "${ref}": expected host, debian:<version>, debian:<suite> or the path of an ` +
          'OVMF_CODE*.fd; the suites are bullseye, bullseye-updates, bookworm, bookworm-updates, ' +
          'bookworm-backports, trixie, trixie-updates, trixie-backports, forky, sid, experimental, ' +
          'bullseye-security, bookworm-security, trixie-security',
      ),
    );
  },
);
