import { NOTHING } from '../report/format';
import { boundAndEstimate } from './bound-and-estimate';
import type { Results, Run } from '../results/schema';

const POSTERIORS: Readonly<Record<string, string>> = {
  gaussian: 'normal',
  householder: 'Householder flow',
  sylvester: 'Sylvester flow',
  iaf: 'inverse autoregressive flow',
  'von-mises-fisher': 'von Mises-Fisher',
};
const PRIORS: Readonly<Record<string, string>> = {
  standard: 'standard normal',
  vamp: 'VampPrior',
  flow: 'flow',
  uniform: 'uniform on the sphere',
};

/** VAEs that differ in posterior and prior alone: the bound and the importance-sampled estimate of each that was run. */
export function posteriorTable({ dataset, runs }: Results): string {
  const named = new Map(runs.map((run) => [run.model, run]));
  const cells = Object.keys(POSTERIORS).map((posterior) =>
    Object.keys(PRIORS).map((prior) => named.get(`vae-${posterior}-${prior}`)),
  );
  const best = bestByValidation(cells.flat().filter((run) => run !== undefined));
  const rows = Object.values(POSTERIORS)
    .map((name, row) => ({ name, runs: cells[row]! }))
    .filter(({ runs: row }) => row.some((run) => run !== undefined))
    .map(({ name, runs: row }) => [name, ...row.map((run) => cell(run, run !== undefined && run === best))]);
  return [
    ...[
      ['posterior', ...Object.values(PRIORS)],
      ['---', ...Object.keys(PRIORS).map(() => '--:')],
      ...rows,
    ].map((columns) => `| ${columns.join(' | ')} |`),
    '',
    `${dataset.name}: −ELBO and importance-sampled estimate of the ${dataset.test} test rows in nats, ± the noise of the draws; in brackets the`,
    'epochs after which a run was cut short, still gaining. In bold the pair with the best validation bound. The commands are',
    'in [the results](../../apps/benchmark/results/digits.json).',
  ].join('\n');
}

function cell(run: Run | undefined, isBest: boolean): string {
  if (run === undefined) return NOTHING;
  return boundAndEstimate(run, (bound) => (isBest ? `**${bound}**` : bound));
}

function bestByValidation(runs: readonly Run[]): Run | undefined {
  const nats = (run: Run): number => run.validation.nats ?? Infinity;
  return [...runs].sort((a, b) => nats(a) - nats(b))[0];
}
