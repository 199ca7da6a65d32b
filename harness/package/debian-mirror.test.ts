// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { HostError, UsageError } from '../errors.ts';
import { mirrorNamed, mirrorOfHost } from './debian-mirror.ts';

const NAME_ONE = 'name a Debian mirror with --mirror <url> or SUB1M_MIRROR';

it.each([
  {
    host: 'with archive and security',
    targets: [
      'Debian|Debian-Security|http://security.example/debian-security/',
      'Other|Debian|http://other.example/',
      'Debian|Debian|http://a.example/debian/',
      'Debian|Debian Backports|http://b.example/debian/',
    ],
    mirror: {
      archive: 'http://a.example/debian',
      security: 'http://security.example/debian-security',
    },
  },
  {
    host: 'with the archive alone',
    targets: ['Debian|Debian|http://a.example/debian/'],
    mirror: { archive: 'http://a.example/debian', security: 'http://a.example/debian-security' },
  },
])('takes the mirrors of a host $host', ({ targets, mirror }) => {
  expect(mirrorOfHost(`${targets.join('\n')}\n`)).toEqual(mirror);
});

it.each([
  {
    host: 'of Ubuntu',
    targets: 'Ubuntu|Ubuntu|http://u/\nUbuntu|Ubuntu|http://u/\nDocker|Docker CE|http://d/',
    message:
      "Cannot get packages from this host's mirrors: expected Debian, found Ubuntu, Docker CE;",
  },
  {
    host: 'that has only the security archive',
    targets: 'Debian|Debian-Security|http://security.example/debian-security/',
    message:
      "Cannot get packages from this host's mirrors: expected Debian, found Debian-Security;",
  },
  {
    host: 'whose lists were removed',
    targets: '',
    message:
      "Cannot find this host's Debian mirror: apt has no package lists; " +
      'run "apt-get update" as root or',
  },
])('asks for a mirror on a host $host', ({ targets, message }) => {
  expect(() => mirrorOfHost(targets)).toThrow(new HostError(`${message} ${NAME_ONE}`));
});

it.each([
  ['http://a.example/debian//', 'http://a.example/debian', 'http://a.example/debian-security'],
  ['file:/srv/debian', 'file:/srv/debian', 'file:/srv/debian-security'],
])('takes the named mirror %s and its sibling', (url, archive, security) => {
  expect(mirrorNamed(url)).toEqual({ archive, security });
});

it.each(['', 'a.example/debian', 'http://a.example/debian sid main', 'http://a.example/\ndeb x'])(
  'refuses the mirror "%s"',
  (url) => {
    expect(() => mirrorNamed(url)).toThrow(
      new UsageError(`Cannot use the mirror "${url}": expected a URL such as http://<host>/debian`),
    );
  },
);
