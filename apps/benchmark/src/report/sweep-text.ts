import type { Chosen, Sweep } from '../results/sweep';
import { rankSettings } from '../statistics/ranking';
import { mean, standardError } from '../statistics/statistics';
import { alignedText, decimal, kindLabels, meanWithDeviation } from './format';

/** The settings of each model, best first, as lines of text for a terminal, and what the chosen ones reach. */
export function sweepTable(sweep: Sweep): string {
  const tables = [...rankSettings(sweep)].map(([model, ranked]) => {
    const names = Object.keys(ranked[0]!.settings);
    const header = [model, ...names, 'validation', 'seeds', 'parameters'];
    const rows = ranked.map(({ settings, trials, validation, standardError: error }, index) => [
      String(index + 1),
      ...names.map((name) => String(settings[name])),
      validation === null ? 'failed' : meanWithDeviation(validation, error),
      decimal(trials.length),
      decimal(trials.find(({ result }) => result)?.result!.parameters),
    ]);
    return alignedText([header, ...rows], (column) => column === 0).join('\n');
  });
  return [...tables, conclusion(sweep)].join('\n\n');
}

function conclusion({ chosen, trials, trialCount }: Sweep): string {
  if (chosen === undefined) {
    return `${trials.length} of ${trialCount} trainings. Settings are chosen once all have ended.`;
  }
  return chosen.length === 0 ? 'No settings could be chosen.' : chosen.map(describeChosen).join('\n');
}

/** `vae: learningRate 0.001, width 100 chosen by validation; test 97.31 ± 0.20 nats, bound (ELBO)`. */
export function describeChosen(chosen: Chosen): string {
  const { model, settings } = chosen;
  const values = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
  const result = testOf(chosen);
  return `${model}: ${values.join(', ')} chosen by validation${result === undefined ? '' : `; test ${result}`}`;
}

/** The likelihood of the test rows, the mean over the seeds ± its standard error; undefined for a model without one. */
export function testOf({ tests }: Chosen): string | undefined {
  const scores = tests.flatMap(({ test }) => (test?.nats == null ? [] : { ...test, nats: test.nats }));
  if (scores.length === 0) return undefined;
  const nats = scores.map((score) => score.nats);
  return `${meanWithDeviation(mean(nats), standardError(nats))} nats, ${kindLabels[scores[0]!.kind]}`;
}
