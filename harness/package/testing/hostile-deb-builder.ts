// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type Header, pack } from 'tar-stream';

/** An entry of a package's tar; a link needs a `linkname`. */
export type DebEntry = Partial<Header> & {
  readonly name: string;
  readonly content?: string | Buffer;
};

/** Writes a package that dpkg-deb would never build, with any fields and any entries; gives its path. */
export async function writeHostileDeb(
  path: string,
  control: Readonly<Record<string, string>>,
  entries: readonly DebEntry[],
): Promise<string> {
  const fields = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
  const members = [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar', await tarOf([{ name: './control', content: fields.join('') }])],
    ['data.tar', await tarOf(entries)],
  ] as const;
  const parts = members.flatMap(([name, bytes]) => [
    Buffer.from(
      `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`,
    ),
    bytes,
    Buffer.alloc(bytes.length % 2, '\n'),
  ]);
  await writeFile(path, Buffer.concat([Buffer.from('!<arch>\n'), ...parts]));
  return path;
}

function tarOf(entries: readonly DebEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { content, ...header } of entries) tar.entry(header, content ?? '');
  tar.finalize();
  return buffer(tar);
}
