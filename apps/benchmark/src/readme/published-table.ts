import { NOTHING } from '../report/format';
import { boundAndEstimate } from './bound-and-estimate';
import { publishedTables } from './published-numbers';
import type { Results } from '../results/schema';

/** What papers report on binarised MNIST beside what the same entries reach on data at hand, which are not MNIST. */
export function publishedTable({ dataset, runs }: Results): string {
  const named = new Map(runs.map((run) => [run.model, run]));
  const rows = publishedTables.flatMap(({ paper, data, numbers }) =>
    numbers.map(({ model, title, bound, estimate }) => {
      const run = named.get(model);
      return [
        `\`${model}\``,
        `${title} (${paper})`,
        data,
        `${bound ?? NOTHING}; ${estimate}`,
        run === undefined ? NOTHING : boundAndEstimate(run),
      ];
    }),
  );
  return [
    ...[
      ['entry', 'published as', 'published on', 'published', 'here, **8x8 digits, thresholded: not MNIST**'],
      ['---', '---', '---', '--:', '--:'],
      ...rows,
    ].map((cells) => `| ${cells.join(' | ')} |`),
    '',
    '−ELBO; importance-sampled negative log-likelihood, in nats. Published: as printed in Table 1 of each paper. Here:',
    `${dataset.name}, ${dataset.train} training and ${dataset.test} test rows of ${dataset.dims} bits; ± is the noise of the draws; in brackets the epochs after`,
    'which a run was cut short, still gaining. The two columns say nothing about each other. The commands are in',
    `[the results](../../apps/benchmark/results/${dataset.name}.json).`,
  ].join('\n');
}
