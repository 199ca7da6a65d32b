// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { FormatError } from '../errors.ts';

/** What a Debian package list says of one package. */
export const packageRecordSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** The suite as the sources name it, e.g. `trixie-backports`. */
  suite: z.string(),
  uri: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  /** The value of `Depends`, empty if there is none. */
  depends: z.string(),
});

/** See `packageRecordSchema`. */
export type PackageRecord = Readonly<z.infer<typeof packageRecordSchema>>;

/** Parses a suite's package list (deb822(5)); `base` is the archive that `Filename` is relative to. */
export function parsePackageRecords(
  text: string,
  { suite, base }: { readonly suite: string; readonly base: string },
): PackageRecord[] {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph.trim() !== '');
  return paragraphs.map((paragraph) => {
    const field = (name: string, value = /\S+/): string => {
      const found = new RegExp(`^${name}: (${value.source})$`, 'm').exec(paragraph)?.[1];
      if (found !== undefined) return found;
      const [first] = paragraph.split('\n');
      throw new FormatError(`Cannot read the package list of ${suite}: no ${name} in "${first}"`);
    };
    return {
      name: field('Package'),
      version: field('Version'),
      suite,
      uri: `${base}/${field('Filename')}`,
      bytes: Number(field('Size', /\d+/)),
      sha256: field('SHA256', /[0-9a-f]{64}/),
      depends: /^Depends: (.*)$/m.exec(paragraph)?.[1] ?? '',
    };
  });
}
