import { evaluate, type Dataset, type Engine, type Evaluation, type Key } from '@dgm/core';
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
  { model, numSamples, evaluate: evaluateMore, measure }: Experiment,
  { validation, test }: Pick<Dataset, 'test'> & Partial<Dataset>,
  { key, ...options }: { readonly key: Key; readonly engine: Engine; readonly importanceSamples?: number },
): Promise<Measurements> {
  const more = Object.entries((await evaluateMore?.(test, { key: key.fold('extra'), ...options })) ?? {});
  const scores = more.map(
    ([name, value]) => [name, typeof value === 'number' ? finite(value) : scoreOf(value)] as const,
  );
  const { features, ...others } =
    (await measure?.(test, { key: key.fold('metrics'), engine: options.engine })) ?? {};
  const extra = { ...Object.fromEntries(scores), ...defined('features', features) };
  const hasLikelihood = model.likelihoodKind === 'exact' || model.likelihoodKind === 'lower-bound';
  if (!hasLikelihood && !('partition' in model)) {
    return { validation: { nats: null }, test: null, extra, ...others };
  }
  const protocol = { engine: options.engine, ...defined('numSamples', numSamples) };
  const validated =
    validation && (await evaluate(model, validation, { key: key.fold('validation'), ...protocol }));
  return {
    validation: { nats: validated ? finite(validated.nats) : null },
    test: scoreOf(await evaluate(model, test, { key: key.fold('test'), ...protocol })),
    extra,
    ...others,
  };
}

function scoreOf({ nats, bitsPerDim, kind, standardError }: Evaluation): Score {
  return { nats: finite(nats), bitsPerDim: finite(bitsPerDim), kind, standardError: finite(standardError) };
}
