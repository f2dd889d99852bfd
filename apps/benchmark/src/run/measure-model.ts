import { evaluate, type Dataset, type Engine, type Evaluation, type Examples, type Key } from '@dgm/core';
import { defined } from '../command-line/command-line';
import { finite } from '../results/json';
import type { FeaturesUsed, Run, Score } from '../results/schema';
import type { Experiment } from '../recipes/shared/recipe';

export interface Measurements extends Pick<Run, 'validation' | 'test' | 'metrics' | 'curves'> {
  /** What the family measures besides, by name, and the features that it measures in. */
  readonly extra: Readonly<Record<string, Score | number | null | FeaturesUsed>>;
}

/** The likelihood of the validation rows, if they are given, and of the test rows, and whatever else the family measures on those. */
export async function measureModel(
  experiment: Experiment,
  { validation, test }: Pick<Dataset, 'test'> & Partial<Dataset>,
  { key, ...options }: { readonly key: Key; readonly engine: Engine; readonly importanceSamples?: number },
): Promise<Measurements> {
  const { evaluate: evaluateMore, measure } = experiment;
  const more = Object.entries((await evaluateMore?.(test, { key: key.fold('extra'), ...options })) ?? {});
  const scores = more.map(
    ([name, value]) => [name, typeof value === 'number' ? finite(value) : scoreOf(value)] as const,
  );
  const { features, ...others } =
    (await measure?.(test, { key: key.fold('metrics'), engine: options.engine })) ?? {};
  const extra = { ...Object.fromEntries(scores), ...defined('features', features) };
  if (!isEvaluated(experiment)) return { validation: { nats: null }, test: null, extra, ...others };
  const validated =
    validation &&
    (await evaluateLikelihood(experiment, validation, { key: key.fold('validation'), ...options }));
  const tested = await evaluateLikelihood(experiment, test, { key: key.fold('test'), ...options });
  return {
    validation: { nats: validated ? finite(validated.nats) : null },
    test: scoreOf(tested),
    extra,
    ...others,
  };
}

/** Whether a model has a likelihood, a bound of it or an estimate. */
export function isEvaluated({ model }: Experiment): boolean {
  return model.likelihoodKind === 'exact' || model.likelihoodKind === 'lower-bound' || 'partition' in model;
}

/** The likelihood of some examples, by the recipe's protocol. */
export function evaluateLikelihood(
  { model, numSamples }: Experiment,
  examples: Examples,
  { key, engine }: { readonly key: Key; readonly engine: Engine },
): Promise<Evaluation> {
  return evaluate(model, examples, { key, engine, ...defined('numSamples', numSamples) });
}

export function scoreOf({ nats, bitsPerDim, kind, standardError }: Evaluation): Score {
  return { nats: finite(nats), bitsPerDim: finite(bitsPerDim), kind, standardError: finite(standardError) };
}
