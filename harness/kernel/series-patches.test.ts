// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FormatError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { commitLine, makeKernelRepo, testGit } from './testing/kernel-repo-builder.ts';
import { readSeries } from './series-patches.ts';

const { signal } = new AbortController();

const DIFF = `--- a/init/main.c
+++ b/init/main.c
@@ -1 +1,2 @@
 a
+b
`;

describe('readSeries', () => {
  it('reads a folder in the order of its names, with the subjects of its patches', async () => {
    await using temp = await makeTempDir();
    const files = {
      '0000-cover-letter.patch': 'Subject: [PATCH 0/2] Two patches\n\nWhy.\n',
      '0002-b.patch': `Subject: [PATCH v2 2/2] x86/realmode: Claim\n once\n\n${DIFF}`,
      '0001-a.patch': DIFF,
      'notes.txt': DIFF,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(temp.path, name), text);
    expect(await readSeries(temp.path, { cacheDir: temp.path, signal, log: silentLog })).toEqual([
      { path: join(temp.path, '0001-a.patch'), subject: '0001-a.patch' },
      { path: join(temp.path, '0002-b.patch'), subject: 'x86/realmode: Claim once' },
    ]);
  });

  it('reads a mailbox, and decodes it', async () => {
    await using temp = await makeTempDir();
    const tree = join(temp.path, 'linux');
    await makeKernelRepo(tree);
    await commitLine(tree, 'init/main.sh', '# größer = besser');
    await commitLine(tree, 'init/main.sh', '# three');
    const mailbox = join(temp.path, 'series.mbox');
    const mails = await testGit(tree, 'format-patch', '--stdout', '--cover-letter', '-2');
    await writeFile(mailbox, `${mails}\n`);
    const patches = await readSeries(mailbox, { cacheDir: temp.path, signal, log: silentLog });
    expect(patches.map(({ subject }) => subject)).toEqual([
      'init/main.sh: # größer = besser',
      'init/main.sh: # three',
    ]);
    const [first] = patches;
    await testGit(tree, 'checkout', '--quiet', 'HEAD~2');
    await testGit(tree, 'apply', '--check', first?.path ?? '');
  });

  it.each(['none', 'empty', 'words.mbox'])('says what it expects instead of %s', async (name) => {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, 'empty'));
    await writeFile(join(temp.path, 'words.mbox'), 'From me Mon Sep 17 00:00:00 2001\n\nHello\n');
    const place = join(temp.path, name);
    await expect(
      readSeries(place, { cacheDir: temp.path, signal, log: silentLog }),
    ).rejects.toThrow(
      new UsageError(
        `Cannot read the series ${place}: expected a folder of *.patch, a mailbox, or a range of commits such as v6.12..HEAD`,
      ),
    );
  });

  it('refuses a mailbox with a patch that climbs out of the tree, and one with no end of messages', async () => {
    await using temp = await makeTempDir();
    const mailbox = join(temp.path, 'series.mbox');
    const mail = (diff: string): string =>
      `From 1 Mon Sep 17 00:00:00 2001\nFrom: a@b\nSubject: [PATCH] x\n\n---\n${diff}\n`;
    await writeFile(mailbox, mail(DIFF) + mail(DIFF.replace('b/init', 'b/../../init')));
    const options = { cacheDir: temp.path, signal, log: silentLog };
    const read = readSeries(mailbox, options);
    await expect(read).rejects.toThrow(FormatError);
    await expect(read).rejects.toThrow('found a part "..": "../../init/main.c"');
    await writeFile(mailbox, mail(DIFF).repeat(1001));
    await expect(readSeries(mailbox, options)).rejects.toThrow(
      new FormatError(
        `Cannot read the series ${mailbox}: expected at most 1000 messages, found 1001`,
      ),
    );
  });

  it('reads a mailbox whole, whatever the configuration of git cuts', async () => {
    await using temp = await makeTempDir();
    const config = join(temp.path, 'gitconfig');
    await writeFile(config, '[mailinfo]\n\tscissors = true\n');
    vi.stubEnv('GIT_CONFIG_GLOBAL', config);
    const mailbox = join(temp.path, 'series.mbox');
    const mail = 'From 1 Mon Sep 17 00:00:00 2001\nFrom: a@b\nSubject: [PATCH] First\n\n';
    await writeFile(mailbox, `${mail}-- >8 --\nSubject: Second\n\nWords\n---\n${DIFF}\n`);
    try {
      const [patch] = await readSeries(mailbox, { cacheDir: temp.path, signal, log: silentLog });
      expect(patch?.subject).toBe('First');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
