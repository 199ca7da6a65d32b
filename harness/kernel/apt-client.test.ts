// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { aptConfig, aptSources, parseTargets } from './apt-client.ts';

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
