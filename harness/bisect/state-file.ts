// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseJsonFile } from '../json-file.ts';
import { replaceFile } from '../process/replace-file.ts';
import { type Boot, bootSchema } from './answers.ts';

const stateSchema = z.object({
  schema: z.literal(1),
  /** What is asked, for people: the file's name stands for it. */
  question: z.string(),
  boots: z.array(bootSchema),
});

/** The boots of a bisection, kept on disk: killed at any time, it has all but the one that was under way. */
export class StateFile {
  readonly path: string;
  readonly #question: string;
  #boots: readonly Boot[];

  private constructor(path: string, question: string, boots: readonly Boot[]) {
    this.path = path;
    this.#question = question;
    this.#boots = boots;
  }

  /** Goes on with what the file has, but for what the host kept from being told; or begins. Throws `FormatError` if it is no such file. */
  static async open(path: string, question: string): Promise<StateFile> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return new StateFile(path, question, []);
    const advice = 'remove it to begin anew';
    const kind = { name: 'the state of a bisection in', schema: stateSchema, advice };
    const { boots } = parseJsonFile(text, path, kind);
    return new StateFile(path, question, boots.filter(isLasting));
  }

  /** In the order in which they were done. */
  get boots(): readonly Boot[] {
    return this.#boots;
  }

  /** Resolves once the boot is on disk. */
  async add(boot: Boot): Promise<void> {
    this.#boots = [...this.#boots, boot];
    const state = { schema: 1, question: this.#question, boots: this.#boots };
    await replaceFile(this.path, `${JSON.stringify(state, null, 1)}\n`);
  }
}

function isLasting({ fact }: Boot): boolean {
  return fact.kind !== 'untold' || !fact.again;
}
