// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { aptConfig, aptSources, parseTargets, readKeptParagraphs } from './apt-client.ts';

it('has a source for every suite, each verified with the archive keyring', () => {
  const sources = aptSources({
    archive: 'http://a.example/debian',
    security: 'http://s.example/sec',
  });
  const lines = sources.trimEnd().split('\n');
  const option =
    'arch=amd64 check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg';
  expect(lines).toContain(`deb [${option}] http://a.example/debian sid main`);
  expect(lines).toContain(`deb [${option}] http://s.example/sec trixie-security main`);
  expect(lines.filter((line) => !line.startsWith(`deb [${option}] http://`))).toEqual([]);
});

it('takes from the host only the settings that reach a mirror', () => {
  const host = [
    'APT::Update::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";',
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::https::CaInfo "/etc/ca.pem";',
    'Acquire::httpx "no";',
    'Acquire::Languages:: "de";',
  ].join('\n');
  const lines = aptConfig('/cache/apt/host', host).split('\n');
  expect(lines[0]).toBe('Dir "/cache/apt/host";');
  expect(lines.slice(-4)).toEqual([
    'APT::Sandbox::User "root";',
    'Acquire::http::Proxy "http://proxy.example:3128";',
    'Acquire::https::CaInfo "/etc/ca.pem";',
    '',
  ]);
});

it.each([
  ['none', '', []],
  [
    'a list whose path has a blank',
    'sid http://a.example/debian/ /home/a b/Packages.lz4\n',
    [{ suite: 'sid', base: 'http://a.example/debian', path: '/home/a b/Packages.lz4' }],
  ],
  ['a line that is cut', 'sid http://a.example/debian/\n', []],
])('reads targets: %s', (_what, text, lists) => {
  expect(parseTargets(text)).toEqual(lists);
});

it('keeps only the packages of kernels, plain OVMF and an SSH server', async () => {
  await using temp = await makeTempDir();
  const names = [
    'linux-image-6.12.43+deb12-cloud-amd64',
    'linux-image-amd64',
    'linux-binary-unsigned-7.2-amd64',
    'linux-headers-6.12-amd64',
    'ovmf',
    'ovmf-amdsev',
    'ovmf-generic',
    'ovmf-generic-dbg',
    'ovmf-ia32',
    'dropbear-bin',
    'libc6',
    'libc6-dev',
  ];
  const path = join(temp.path, 'Packages');
  await writeFile(path, names.map((name) => `Package: ${name}\nVersion: 1\n`).join('\n'));
  await writeFile(join(temp.path, 'apt.conf'), '');
  const { signal } = new AbortController();
  const client = { folder: temp.path, signal, log: silentLog };
  const kept = await readKeptParagraphs(client, { suite: 'sid', base: '', path });
  expect(kept.trimEnd().split('\n\n')).toEqual([
    'Package: linux-image-6.12.43+deb12-cloud-amd64\nVersion: 1',
    'Package: linux-binary-unsigned-7.2-amd64\nVersion: 1',
    'Package: ovmf\nVersion: 1',
    'Package: ovmf-generic\nVersion: 1',
    'Package: dropbear-bin\nVersion: 1',
    'Package: libc6\nVersion: 1',
  ]);
});
