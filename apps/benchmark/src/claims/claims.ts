import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ArgumentError } from '@dgm/core';
import { CommandLine } from '../command-line/command-line';
import { findTorch } from '../compare/programs/python';
import { loadDataset } from '../datasets/datasets';
import { loadTextTable } from '../datasets/text-tables';
import { startEngine } from '../engine/engine';
import { discoverFamilies, selectCandidates } from '../families';
import { describeError } from '../report/format';
import type { Comparison } from '../results/comparison';
import { stringifyResults } from '../results/json';
import { describeMachine } from '../results/machine';
import { comparisonSchema, validated } from '../results/validate';
import { formatBound, type Claim, type ClaimContext } from './claim';
import { describeOutcome, measureClaim } from './measure-claim';
import { committedClaimsSchema, type CommittedClaims, type Outcome } from './outcome';
import { loadClaims, selectClaims } from './registry';

const commandLine = new CommandLine({
  name: 'claims',
  summary: 'Measures the figures again that the READMEs state, and says which of them hold.',
  usage: 'claims [NAMES] [options]',
  options: {
    list: {
      type: 'boolean',
      default: false,
      help: 'only list the claims, with bounds and about how long they take',
    },
    json: { type: 'string', value: 'FILE', help: 'also write the outcomes to a file' },
    record: {
      type: 'boolean',
      default: false,
      help: 'also put the values among the committed ones, for the READMEs',
    },
    comparison: {
      type: 'string',
      value: 'FILE',
      help: 'take the times of models from this compare.json where it has them, of the same commit and machine',
    },
    'models-dir': {
      type: 'string',
      value: 'DIR',
      help: 'keep models of tables in this folder, and take them from there: empty it after a change of what trains them',
    },
    'data-dir': { type: 'string', value: 'DIR', help: 'the folder of the data files; also DGM_DATA_DIR' },
  },
  takesWords: true,
  notes: `NAMES are separated by spaces; flows.* stands for all that begin with flows. Without names all are measured.
A claim whose data or PyTorch are not there is skipped.
The exit status is 0 if every measured claim holds, 1 if one does not, 2 for a wrong command line.`,
});

const registryFolder = (): URL =>
  // What is built lies in the root of `dist`.
  new URL(import.meta.url.endsWith('.ts') ? './registry/' : './claims/registry/', import.meta.url);

/**
 * `dgm-bench claims`.
 * @param load - where the claims come from
 * @returns the exit status of the program
 */
export async function claims(
  argv: readonly string[],
  load: () => Promise<readonly Claim[]> = () => loadClaims(registryFolder()),
): Promise<number> {
  const { values, words } = commandLine.parse(argv);
  if (values.help) {
    console.log(commandLine.help);
    return 0;
  }
  const chosen = selectClaims(
    await load(),
    words.flatMap((word) => word.split(',')),
  );
  const width = Math.max(...chosen.map(({ name }) => name.length));
  if (values.list) {
    for (const { name, what, unit, bound, minutes } of chosen)
      console.log(`${name.padEnd(width)}  ${formatBound(bound)} ${unit}, ${minutes} min: ${what}`);
    return 0;
  }
  const context = {
    ...(await makeContext(values['data-dir'], values['models-dir'])),
    ...(values.comparison !== undefined && { comparison: await readComparison(values.comparison) }),
  };
  const outcomes: Outcome[] = [];
  for (const claim of chosen) {
    const outcome = await measureClaim(claim, context, await missingOf(claim, context));
    outcomes.push(outcome);
    console.log(describeOutcome(outcome, claim.unit, width));
    // Each is on disk before the next is measured.
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(outcomes, null, 2)}\n`);
    if (values.record && outcome.value !== null) await record(claim, outcome);
  }
  return outcomes.some(({ holds }) => holds === false) ? 1 : 0;
}

async function readComparison(file: string): Promise<Comparison> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ArgumentError({
      where: commandLine.where,
      argument: '--comparison',
      expected: 'to be the compare.json of a comparison',
      actual: `${file}, which cannot be read`,
      cause,
    });
  }
  return validated(comparisonSchema, JSON.parse(text), file);
}

async function makeContext(
  folder: string | undefined,
  modelsFolder: string | undefined,
): Promise<Omit<ClaimContext, 'seeds'>> {
  const engine = await startEngine('auto', 'auto');
  return {
    engine,
    ...(modelsFolder !== undefined && { modelsFolder }),
    dataset: (name) => loadDataset(name, { folder, quick: false }),
    table: (name) => loadTextTable(name, folder ?? process.env['DGM_DATA_DIR']),
    recipe: async (name) =>
      selectCandidates((await discoverFamilies()).candidates, [name], commandLine.where)[0]!.entry,
  };
}

/** Why what a claim requires is not there. */
async function missingOf(
  { requires: { dataset, table, pytorch } = {}, unavailable }: Claim,
  context: Pick<ClaimContext, 'dataset' | 'table'>,
): Promise<string | undefined> {
  try {
    if (dataset !== undefined) await context.dataset(dataset);
  } catch (error) {
    return `the data set ${dataset} is missing: ${describeError(error)}`;
  }
  try {
    if (table !== undefined) await context.table(table);
  } catch (error) {
    return `the table ${table} is missing: ${describeError(error)}`;
  }
  const torch = pytorch ? await findTorch() : undefined;
  if (torch !== undefined && 'missing' in torch) return `PyTorch is missing: ${torch.missing}`;
  return unavailable?.();
}

/** The file in the repository. It is not part of what is built, which lies as deep as this file's folder. */
const committedFile = (): string =>
  fileURLToPath(
    new URL(
      import.meta.url.endsWith('.ts') ? '../../results/claims.json' : '../results/claims.json',
      import.meta.url,
    ),
  );

/** The last values of all claims. */
export async function readCommittedClaims(): Promise<CommittedClaims> {
  const file = committedFile();
  return validated(committedClaimsSchema, JSON.parse(await readFile(file, 'utf8')), file);
}

async function record({ unit }: Claim, outcome: Outcome): Promise<void> {
  const { claims: earlier } = await readCommittedClaims();
  const { cpu, cores, node } = describeMachine();
  const date = new Date().toISOString().slice(0, 10);
  const measured = { ...outcome, unit, machine: { cpu, cores, node }, date, commit: currentCommit() };
  const all = [...earlier.filter(({ name }) => name !== outcome.name), measured];
  all.sort((a, b) => (a.name < b.name ? -1 : 1));
  await writeFile(committedFile(), stringifyResults({ schema: 1, claims: all }));
}

function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8' }).trim();
  // The values that were recorded a moment ago are no change of what is measured.
  const changes = git(
    'status',
    '--porcelain',
    '--',
    ':/',
    ':(exclude,top)apps/benchmark/results/claims.json',
  );
  return `${git('rev-parse', '--short=10', 'HEAD')}${changes === '' ? '' : '+'}`;
}
