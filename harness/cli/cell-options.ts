// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type CellSpec, cellSpecSchema } from '../bundle/cell-record.ts';
import { type Axes, expandSpecs } from '../matrix/expand.ts';
import { GROUPS } from './help.ts';

const { shape } = cellSpecSchema;

/** An axis that is off unless its option is given, which takes no value. */
type FlagAxis = 'layoutBestEffort' | 'strict' | 'freshFirmware';

const FLAG_OPTIONS: readonly {
  readonly flag: string;
  readonly axis: FlagAxis;
  readonly about: string;
  readonly isJudging?: true;
}[] = [
  {
    flag: '--layout-best-effort',
    axis: 'layoutBestEffort',
    about: 'go on even if OVMF could not be given the whole layout',
  },
  {
    flag: '--fresh-firmware',
    axis: 'freshFirmware',
    about: 'boot the firmware itself, and do not go on from one that was saved',
  },
  {
    flag: '--strict',
    axis: 'strict',
    about: 'a cell in which a promise could not be seen is unjudged (69), whatever hides it',
    isJudging: true,
  },
];

/** An axis that has an option of its own. */
type OptionAxis = Exclude<keyof CellSpec, 'kernel' | FlagAxis>;

/**
 * The options that set an axis of the matrix, and how one value is read. Each may be given several times, or with several
 * values between commas where a value has none itself. Those for judging do not change the machine.
 */
const AXIS_OPTIONS: readonly {
  readonly flags: string;
  readonly axis: OptionAxis;
  readonly about: string;
  readonly value?: (text: string) => unknown;
  readonly hasCommas?: true;
  readonly isJudging?: true;
}[] = [
  {
    flags: '--crashkernel <value>',
    axis: 'crashkernel',
    about: 'crashkernel= of the system kernel, such as 256M; "none" for no crashkernel',
    value: (text) => (['off', 'none'].includes(text) ? null : text),
    hasCommas: true,
  },
  {
    flags: '--layout <id|file>',
    axis: 'layout',
    about:
      "the firmware's memory map below 1 MiB: stock (OVMF's own), an id of images/layouts, a file, or corpus (all)",
  },
  {
    flags: '--ovmf <which>',
    axis: 'ovmf',
    about: "the firmware: host (the host's own), debian:<version>, or an OVMF_CODE image",
  },
  { flags: '--load <syscall>', axis: 'load', about: 'the syscall that loads the capture kernel' },
  {
    flags: '--trigger <how>',
    axis: 'trigger',
    about:
      'what makes the system kernel panic: sysrq, serial-break, or none to look at ownership only',
  },
  { flags: '--cpus <n>', axis: 'cpus', about: 'CPUs of the machine', value: Number },
  {
    flags: '--memory <MiB>',
    axis: 'memoryMiB',
    about: 'memory of the machine',
    value: Number,
  },
  {
    flags: '--accel <kind>',
    axis: 'accel',
    about: 'the accelerator: kvm, tcg, or auto, which is kvm where it works',
  },
  {
    flags: '--append <text>',
    axis: 'append',
    about: "added to the system kernel's command line",
    hasCommas: true,
  },
  {
    flags: '--vmcore <kind>',
    axis: 'vmcore',
    about:
      'what is dumped, and how: full (by mmap), read (by read), both (compared page by page), filtered (by makedumpfile -d 31), or none',
    isJudging: true,
  },
  {
    flags: '--truth <what>',
    axis: 'truth',
    about: 'what the vmcore is compared with: jump (guest memory at the kexec jump), or none',
    isJudging: true,
  },
  {
    flags: '--policy <id>',
    axis: 'policy',
    about: "the policy to hold the kernel to; auto is the kernel's own",
    isJudging: true,
  },
];

interface CellOptionSettings {
  /** Whether cells are judged; if not, only the options of machines are added. */
  readonly judged?: boolean;
  /** Defaults in words, where they are not those of every cell. */
  readonly defaults?: Readonly<Partial<Record<OptionAxis, string>>>;
}

/** Adds the options that say what the cells are like. */
export function addCellOptions(
  command: Command,
  { judged = true, defaults = {} }: CellOptionSettings = {},
): void {
  const [standard] = expandSpecs({ kernel: [''] });
  for (const { flags, axis, about, isJudging, ...reading } of AXIS_OPTIONS) {
    if (isJudging && !judged) continue;
    const option = new Option(flags, about)
      // Only in words: a value would count as given.
      .default(undefined, defaults[axis] ?? String(standard?.[axis] || 'none'))
      .helpGroup(isJudging ? GROUPS.judging : GROUPS.machine);
    const choices = choicesOf(axis);
    if (choices !== undefined) option.choices(choices);
    command.addOption(option.argParser(axisParser(axis, reading)));
  }
  addFlagOptions(command, judged);
}

function addFlagOptions(command: Command, judged: boolean): void {
  for (const { flag, about, isJudging } of FLAG_OPTIONS) {
    if (isJudging && !judged) continue;
    const group = isJudging ? GROUPS.judging : GROUPS.machine;
    command.addOption(new Option(flag, about).helpGroup(group));
  }
}

/** The values of an axis that has few. */
function choicesOf(axis: OptionAxis): readonly string[] | undefined {
  const schema = shape[axis];
  const inner = 'unwrap' in schema ? schema.unwrap() : schema;
  return (inner as { readonly options?: readonly string[] }).options;
}

/** Reads an option's values, after those that were given before it. */
function axisParser(
  axis: OptionAxis,
  { value = String, hasCommas }: Pick<(typeof AXIS_OPTIONS)[number], 'value' | 'hasCommas'>,
): (text: string, previous: unknown) => unknown[] {
  return (text, previous) => {
    const values = (hasCommas ? [text] : text.split(',')).map((part) => {
      const parsed = shape[axis].safeParse(value(part));
      if (parsed.success) return parsed.data;
      throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? '');
    });
    return [...(Array.isArray(previous) ? (previous as unknown[]) : []), ...values];
  };
}

/** The axes that were given as options. */
export function givenAxes(options: Readonly<Record<string, unknown>>): Partial<Axes> {
  const given: Record<string, unknown> = {};
  for (const { flags, axis } of AXIS_OPTIONS) {
    const values = options[/^--(\w+)/.exec(flags)?.[1] ?? ''];
    if (values !== undefined) given[axis] = values;
  }
  for (const { axis } of FLAG_OPTIONS) if (options[axis] === true) given[axis] = [true];
  return given;
}
