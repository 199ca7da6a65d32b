// SPDX-License-Identifier: MIT
/** Gives model and oracle the same machines, many at once; the first that differ are made as small as they go. */
import fc from 'fast-check';
import type { PolicyId } from '../../policy-id.ts';
import { renderRange } from '../../memory/phys-range.ts';
import { detailsOfRelease } from '../kernel-details.ts';
import type { MemblockCall } from '../low-memory.ts';
import type { Prediction, predict } from '../prediction.ts';
import { KNOWN, differences } from './oracle-differences.ts';
import { anyOracleMachine } from './oracle-machine.ts';
import { type OracleMachine, type OracleOutcome, askOracle } from './oracle-process.ts';

/** A kernel's oracle, and the model that is held to it. */
export interface Comparison {
  readonly binary: string;
  /** Of the kernel, such as 6.12.117. */
  readonly release: string;
  readonly policy: PolicyId;
  readonly predict: typeof predict;
}

/** What came of many machines. */
export interface ComparisonResult {
  readonly cases: number;
  /** How often each known difference was met, by its id. */
  readonly known: ReadonlyMap<string, number>;
  /** The smallest machine that differs for no known reason, and how; null if there is none. */
  readonly found: string | null;
}

/** Machines for one process of the oracle. */
const BATCH = 2000;

/** Entries of a map that are shown; seed and path have the rest. */
const MOST_ENTRIES = 24;

/** Compares `count` machines, or fewer if one differs for no known reason. */
export function compareMany(comparison: Comparison, count: number, seed: number): ComparisonResult {
  const known = new Map<string, number>();
  let cases = 0;
  while (cases < count) {
    const given = { seed: seed + cases, numRuns: Math.min(BATCH, count - cases) };
    const machines = fc.sample(anyOracleMachine, given);
    const outcomes = askOracle(comparison.binary, machines);
    for (const [index, machine] of machines.entries()) {
      const reason = reasonOf(comparison, machine, outcomes[index]);
      if (reason === 'unknown') {
        const found = smallest(comparison, { ...given, path: String(index) });
        return { cases: cases + index + 1, known, found };
      }
      if (reason !== null) known.set(reason, (known.get(reason) ?? 0) + 1);
    }
    cases += machines.length;
  }
  return { cases, known, found: null };
}

/** Why the two differ, the id of a known difference or "unknown"; null if they agree. */
function reasonOf(
  comparison: Comparison,
  machine: OracleMachine,
  outcome: OracleOutcome | undefined,
): string | null {
  if (!outcome) throw new Error('Expected an outcome for each machine, found fewer');
  const predicted = predictionOf(comparison, machine, outcome);
  const differs = differences(predicted, outcome);
  if (differs.length === 0) return null;
  const answers = { release: comparison.release, machine, predicted, outcome };
  return KNOWN.find(({ when }) => when(answers))?.id ?? 'unknown';
}

/** The model's, of this kernel with `memblock=debug`; without the calls that the kernel does not print. */
function predictionOf(
  { predict: predictOf, policy, release }: Comparison,
  { inputs }: OracleMachine,
  { reservedAbove1M }: OracleOutcome,
): Prediction {
  const kernel = detailsOfRelease(release);
  const predicted = predictOf({ ...inputs, kernel, reservedAbove1M }, policy);
  const isPrinted = ({ isQuiet }: MemblockCall): boolean => isQuiet !== true || kernel.marksKern;
  return { ...predicted, memblockCalls: predicted.memblockCalls.filter(isPrinted) };
}

/** Shrinks the machine of a seed and a path; gives it and what differs, as text. */
function smallest(
  comparison: Comparison,
  at: { readonly seed: number; readonly path: string; readonly numRuns: number },
): string {
  const property = fc.property(anyOracleMachine, (machine) => {
    const [outcome] = askOracle(comparison.binary, [machine]);
    return reasonOf(comparison, machine, outcome) !== 'unknown';
  });
  const { counterexample } = fc.check(property, at);
  const [machine] = counterexample ?? fc.sample(anyOracleMachine, at);
  if (!machine) throw new Error('Expected a machine that differs, found none');
  const [outcome] = askOracle(comparison.binary, [machine]);
  if (!outcome) throw new Error('Expected an outcome, found none');
  const lines = differences(predictionOf(comparison, machine, outcome), outcome);
  return [`seed ${at.seed}, path ${at.path}`, ...machineLines(machine), ...lines].join('\n');
}

function machineLines({ inputs }: OracleMachine): string[] {
  const { e820, efiMap, keptTables, earlyReservations, ...rest } = inputs;
  const shown = (parts: readonly string[]): string =>
    `${parts.slice(0, MOST_ENTRIES).join(' ')}${parts.length > MOST_ENTRIES ? ' …' : ''}`;
  const tables = Object.entries(keptTables).filter(([, table]) => table !== null);
  return [
    JSON.stringify(rest),
    `early: ${shown(earlyReservations.map(renderRange))}`,
    `tables: ${tables.map(([name, table]) => `${name} ${table ? renderRange(table) : ''}`).join(' ')}`,
    `e820 (${e820.length}): ${shown(e820.map(({ range, ram }) => `${ram ? 'ram' : 'other'} ${renderRange(range)}`))}`,
    `efi (${efiMap?.length}): ${shown(
      (efiMap ?? []).map(
        ({ type, range, attribute }) => `${type}/${attribute.toString(16)} ${renderRange(range)}`,
      ),
    )}`,
  ];
}
