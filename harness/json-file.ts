// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import { FormatError, messageOf } from './errors.ts';

/** A kind of JSON file that a user writes. */
interface JsonFileKind<T> {
  /** What messages call such a file, e.g. `matrix`. */
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** What to do about a wrong one. */
  readonly advice: string;
}

/** Parses the text of such a file. Throws `FormatError` naming the field at fault. */
export function parseJsonFile<T>(
  text: string,
  path: string,
  { name, schema, advice }: JsonFileKind<T>,
): T {
  const cannot = `Cannot read ${name} ${path}`;
  const parsed = schema.safeParse(parseJson(text, { cannot, advice }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'the whole file';
  throw new FormatError(`${cannot}: ${field}: ${issue?.message}; ${advice}`, {
    cause: parsed.error,
  });
}

function parseJson(
  text: string,
  { cannot, advice }: { readonly cannot: string; readonly advice: string },
): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    throw new FormatError(`${cannot}: not JSON: ${why}; ${advice}`, { cause: error });
  }
}
