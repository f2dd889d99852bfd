import { decimal, NOTHING } from '../report/format';
import type { WeightCurves } from '../weights/weight-curve';

/** Hybrid models over the weight of ln p(x): error and likelihood, and how strongly either term pulls before training. */
export function weightsTable({ command, curves }: WeightCurves): string {
  const weights = curves[0]!.points.map(({ weight }) => weight);
  const sign = { 'lower-bound': '≤ ', exact: '' } as Readonly<Record<string, string>>;
  const table = (rows: readonly (readonly string[])[]) => rows.map((cells) => `| ${cells.join(' | ')} |`);
  return [
    ...table([
      ['weight of ln p(x)', ...weights.map(String)],
      ['---', ...weights.map(() => '--:')],
      ...curves.flatMap(({ model, kind, points }) => [
        [`\`${model}\`, error, %`, ...points.map(({ error }) => decimal(error, 1))],
        [
          `p(x), nats`,
          ...points.map(({ nats }) => (nats === null ? NOTHING : `${sign[kind]}${decimal(nats, 1)}`)),
        ],
      ]),
    ]),
    '',
    `One seed, \`${command} --data-dir DIR\`. With the weight 0 the density is not trained.`,
    '',
    ...table([
      ['before training', 'gradient norm of ln p(y\\|x)', 'of ln p(x)', 'ratio'],
      ['---', '--:', '--:', '--:'],
      ...curves.map(({ model, gradients: { classification, density } }) => [
        `\`${model}\``,
        classification.toPrecision(2),
        decimal(density, 1),
        decimal(density / classification),
      ]),
    ]),
  ].join('\n');
}
