// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parsePackageRecords } from './package-records.ts';

const LIST = { suite: 'sid', base: 'http://mirror.example/debian' };
const SHA256 = 'c41b217e1a4e321f5eff028e965ea25f5da8a74cd3683ca7f4bacedc59e0ecc5';
const PARAGRAPH = `Package: linux-binary-7.2.13+deb14-cloud-amd64
Source: linux-signed-amd64 (7.2.13+1)
Version: 7.2.13-1
Installed-Size: 13712
Depends: linux-base-7.2.13+deb14-cloud-amd64 (= 7.2.13-1)
Description: Linux 7.2.13
 Version: 1
Filename: pool/main/l/linux-binary.deb
Size: 13717736
SHA256: ${SHA256}`;

const RECORD = {
  name: 'linux-binary-7.2.13+deb14-cloud-amd64',
  version: '7.2.13-1',
  suite: 'sid',
  uri: 'http://mirror.example/debian/pool/main/l/linux-binary.deb',
  bytes: 13_717_736,
  sha256: SHA256,
  depends: 'linux-base-7.2.13+deb14-cloud-amd64 (= 7.2.13-1)',
};

it.each([
  ['an empty list', '', []],
  ['one paragraph', PARAGRAPH, [RECORD]],
  ['paragraphs', `${PARAGRAPH}\n\n\n${PARAGRAPH}\n\n`, [RECORD, RECORD]],
  ['no Depends', PARAGRAPH.replace(/^Depends.*\n/m, ''), [{ ...RECORD, depends: '' }]],
])('reads %s', (_what, text, records) => {
  expect(parsePackageRecords(text, LIST)).toEqual(records);
});

it.each([
  [
    'Package',
    PARAGRAPH.replace('Package:', 'Packet:'),
    'Packet: linux-binary-7.2.13+deb14-cloud-amd64',
  ],
  [
    'Version',
    PARAGRAPH.replace(/^Version.*\n/m, ''),
    'Package: linux-binary-7.2.13+deb14-cloud-amd64',
  ],
  [
    'Filename',
    PARAGRAPH.replace('Filename: ', 'Filename: a b '),
    'Package: linux-binary-7.2.13+deb14-cloud-amd64',
  ],
  [
    'Size',
    PARAGRAPH.replace('Size: 13717736', 'Size: -1'),
    'Package: linux-binary-7.2.13+deb14-cloud-amd64',
  ],
  ['SHA256', PARAGRAPH.slice(0, -1), 'Package: linux-binary-7.2.13+deb14-cloud-amd64'],
])('refuses a paragraph without a valid %s', (field, text, first) => {
  expect(() => parsePackageRecords(text, LIST)).toThrow(
    new FormatError(`Cannot read the package list of sid: no ${field} in "${first}"`),
  );
});
