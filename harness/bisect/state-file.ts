// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { parseJsonFile } from '../json-file.ts';
import { readInput } from '../process/read-input.ts';
import { replaceFile } from '../process/replace-file.ts';
import { type Boot, bootSchema } from './answers.ts';

const stateSchema = z.object({
  schema: z.literal(1),
  /** The question, for people: for sub1m the file's name stands for it. */
  question: z.string(),
  boots: z.array(bootSchema),
});

/** The boots of a bisection, kept on disk: after a kill at any time, only the boot that was under way is missing. */
export class StateFile {
  readonly path: string;
  readonly #question: string;
  #boots: readonly Boot[];

  private constructor(path: string, question: string, boots: readonly Boot[]) {
    this.path = path;
    this.#question = question;
    this.#boots = boots;
  }

  /**
   * Resumes from the file, without boots that failed because of the host, or begins a new one. Throws `FormatError` if
   * it is not such a file.
   */
  static async open(path: string, question: string): Promise<StateFile> {
    if (!existsSync(path)) return new StateFile(path, question, []);
    const missing = (why: string): string => `Cannot read the state of a bisection: ${why}`;
    const text = await readInput(path, { missing });
    const advice = 'remove it to start over';
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
