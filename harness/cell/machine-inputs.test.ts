// SPDX-License-Identifier: MIT
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { copiesOf, findChangedInput, inputsOf, requireInputs } from './machine-inputs.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
  for (const name of NAMES) await writeFile(place(name), textOf(name));
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const NAMES = ['vmlinuz', 'initrd', 'input', 'code', 'vars', 'copy', 'rom', 'layout'] as const;

type Name = (typeof NAMES)[number];

/** The machine's own variable store is a copy. */
function textOf(name: Name): string {
  return name === 'copy' ? 'vars' : name;
}

function place(name: Name): string {
  return join(temp.path, name);
}

/** All that a machine with a layout is given. */
function given(): ReturnType<typeof inputsOf> {
  const ovmf = {
    code: place('code'),
    sha256: sha256('code'),
    vars: place('vars'),
    varsSha256: sha256('vars'),
    descriptor: null,
    description: '',
  };
  const personality = {
    device: '',
    rom: place('rom'),
    romBytes: 1,
    romSha256: sha256('rom'),
    layout: place('layout'),
    layoutSha256: sha256('layout'),
  };
  const kernel = {
    ref: '',
    release: '',
    image: place('vmlinuz'),
    imageSha256: sha256('vmlinuz'),
    modules: [],
    networkModules: [],
    moduleSha256: new Map<string, string>(),
    package: null,
    policy: null,
  };
  const image = {
    initrd: place('initrd'),
    initrdSha256: sha256('initrd'),
    input: place('input'),
    inputSha256: sha256('input'),
  };
  return [
    ...inputsOf({ kernel, image, ovmf, personality }),
    ...copiesOf({ vars: place('copy'), ovmf, personality }),
  ];
}

it('a machine is given what it should be', async () => {
  await requireInputs(given());
  expect(await findChangedInput(given(), { read: 'again' })).toBeNull();
});

it.each(NAMES)('no machine is started with a damaged %s', async (name) => {
  await truncate(place(name), 1);
  const changed = await findChangedInput(given(), { read: 'again' });
  expect(changed).toContain(
    `${place(name)} is not what it was: expected sha256 ${sha256(textOf(name))}, found ${sha256(textOf(name).slice(0, 1))}`,
  );
  await expect(requireInputs(given())).rejects.toThrow(
    new InputError(`Cannot run a machine: ${changed}`),
  );
});
