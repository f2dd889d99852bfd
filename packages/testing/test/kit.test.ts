import { ActivationLayer, Bernoulli, Categorical, Independent, Sequential } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ensure } from '../src/assert';
import { applicable, run, when, type Check, type Checks } from '../src/register';
import {
  bijectorChecks,
  checkCoverage,
  describeBijector,
  describeDistribution,
  describeLayer,
  describeModel,
  describeOps,
  distributionChecks,
  everyEvent,
  layerChecks,
  measureBijector,
  modelChecks,
  opChecks,
  type BijectorCase,
  type DistributionCase,
  type LayerCase,
  type ModelCase,
  type OpCase,
} from '../src/index';
import {
  CoinSpecimen,
  Distorted,
  ExpSpecimen,
  LinearSpecimen,
  NormalSpecimen,
  SPECIMENS,
  type Fault,
  type LayerFault,
  type ModelFault,
} from './specimens';

const normal = (fault?: Fault): DistributionCase => ({
  parameters: { loc: [0, 1], scale: [1, 0.5] },
  make: (loc: Tensor, scale: Tensor) => new NormalSpecimen(loc, scale, fault),
  support: { kind: 'real' },
  golden: [{ parameters: [1, 2], x: [0, 3], logProb: [-1.7370857137646, -2.1120857137646] }],
  extremes: [{ x: [1e4, -1e4] }, { x: [[0, 0]], logProb: [[-0.9189385332, -2.2257913526]] }],
});

/** What `Distorted` can do to each kind of support that the kit sums over. */
type Distortion = ConstructorParameters<typeof Distorted>[1];

const supports: Record<string, (distortion?: Distortion) => DistributionCase> = {
  integers: (distortion = {}) => ({
    parameters: { logits: [0.5, -1, 2, 0] },
    make: (logits) => new Distorted(new Categorical(logits), distortion),
    support: { kind: 'integers', from: 0, to: 3 },
  }),
  'a list of events': (distortion = {}) => ({
    parameters: { logits: [0.5, -1, 2] },
    make: (logits) => new Distorted(new Independent(new Bernoulli(logits), 1), distortion),
    support: { kind: 'events', events: everyEvent([0, 1], 3) },
  }),
  'a plane': (distortion = {}) => ({
    parameters: { loc: [0.5, -1], scale: [0.7, 1.2] },
    make: (loc, scale) => new Distorted(new Independent(new NormalSpecimen(loc, scale), 1), distortion),
    support: { kind: 'real' },
  }),
  'a space, by importance sampling': (distortion = {}) => ({
    parameters: { loc: [0.5, -1, 0], scale: [0.7, 1, 0.9] },
    make: (loc, scale) => new Distorted(new Independent(new NormalSpecimen(loc, scale), 1), distortion),
    support: { kind: 'real', scale: 1.7 },
  }),
};

const exp = (fault?: ConstructorParameters<typeof ExpSpecimen>[0]): BijectorCase => ({
  make: () => new ExpSpecimen(fault),
  latent: [-5, -1, 0, 0.5, 3],
  extremes: [{ latent: [-80, 80] }],
});

const linear = (fault?: LayerFault): LayerCase => ({
  make: (key) => new LinearSpecimen(key, fault),
  input: [
    [1, 2, 3],
    [-1, 0.5, 0],
  ],
  outputShape: [2, 2],
  wrongShapes: [[2, 4]],
});

const coin = (fault?: ModelFault): ModelCase => ({
  make: (key) => new CoinSpecimen(key, fault),
  data: [[1], [1], [1], [0]],
  range: [0, 1],
  everyEvent: [[0], [1]],
  exactLogLikelihood: (model, x) => (model as CoinSpecimen).logProb(x),
  packages: [{ modelParts: { ...SPECIMENS, parts: { CoinSpecimen } } }],
});

const square = (f: OpCase['f']): OpCase => ({
  f,
  points: [[-2, -0.3, 0.7, 3]],
  golden: [{ args: [3], value: 9, gradients: [6] }],
  extremes: [{ args: [[1e30, 0]], value: [Infinity, 0] }],
});

describeDistribution({
  Normal: () => normal(),
  'Normal (pathwise by expectation)': () => ({ ...normal(), pathwise: 'expectation' }),
  ...Object.fromEntries(Object.entries(supports).map(([name, make]) => [name, () => make()])),
});
describeBijector({ Exp: () => exp() });
describeLayer({ Linear: () => linear() });
describeModel({ Coin: () => coin() });
describeOps({ square: () => square((x) => tf.square(x!)) });

/** The statements that a case breaks; tensors that it leaves behind are freed. */
async function broken<C>(checks: Checks<C>, the: C): Promise<string[]> {
  const statements: string[] = [];
  tf.engine().startScope();
  for (const [statement, check] of applicable(checks, the)) {
    try {
      await run(check, the);
    } catch (error) {
      expect((error as Error).name).toBe('ContractError');
      statements.push(statement);
    }
  }
  tf.engine().endScope();
  return statements;
}

describe('a distribution with a fault is found out', () => {
  it.each<[Fault, string]>([
    ['density', 'gives its whole support a probability of 1'],
    ['density', 'agrees with float64 reference values'],
    ['sampler', 'draws what its density says'],
    ['gradient', 'has the gradient of logProb that differences show'],
    ['leak', 'frees what it makes and keeps what it borrows'],
    ['leak on throw', 'refuses a value of the wrong shape'],
    ['no shape check', 'refuses a value of the wrong shape'],
    ['mean', 'has the mean and variance of its density'],
    ['variance', 'has the mean and variance of its density'],
    ['entropy', 'has the entropy of its density'],
    ['entropy shape', 'gives closed forms the shapes of a draw or of the batch, or names an alternative'],
    ['no alternative', 'gives closed forms the shapes of a draw or of the batch, or names an alternative'],
    ['mode', 'has its mode where the density is highest'],
    ['cdf', 'has the cdf of its density'],
    ['quantile', 'has a quantile that inverts its distribution function'],
    ['key', 'repeats itself under one key and not under another'],
    ['extremes', 'has finite gradients at extreme values'],
    ['path', 'lets the gradient through its sampler'],
  ])('%s: %s', async (fault, statement) => {
    expect(await broken(distributionChecks, normal(fault))).toContain(statement);
  });

  it.each(Object.entries(supports))('a wrong total over %s', async (_name, make) => {
    const wrong = make({ logProb: (logProb) => tf.add(logProb, 0.15) });
    expect(await broken(distributionChecks, wrong)).toEqual(
      expect.arrayContaining(['gives its whole support a probability of 1']),
    );
  });

  it.each(Object.entries(supports))('wrong draws from %s', async (_name, make) => {
    // Turning events around keeps them in the support.
    const wrong = make({ sample: (x) => tf.sub(x.rank > 1 ? 1 : 3, x) });
    expect(await broken(distributionChecks, wrong)).toContain('draws what its density says');
  });

  it('a sampler that cuts its path, by expectation', async () => {
    const the: DistributionCase = { ...normal('path'), pathwise: 'expectation' };
    expect(await broken(distributionChecks, the)).toContain('lets the gradient through its sampler');
  });

  it('disposes of a parameter', () => {
    const { 'frees what it makes and keeps what it borrows': check } = distributionChecks;
    expect(() => check!(normal('disposes'))).toThrow(/disposed|left/);
  });
});

describe('a bijector with a fault is found out', () => {
  it.each([
    ['logDet', 'has the log-determinant of its Jacobian'],
    ['logDet', 'keeps the mass of a density'],
    ['sign', 'has opposite log-determinants in its two directions'],
    ['inverse', 'undoes itself both ways'],
    ['leak', 'frees what it makes and keeps what it borrows'],
  ] as const)('%s: %s', async (fault, statement) => {
    expect(await broken(bijectorChecks, exp(fault))).toContain(statement);
  });

  it('measures the errors of a sound one', () => {
    const errors = measureBijector(exp());
    expect(Object.values(errors).every((error) => error < 1e-5)).toBe(true);
  });
});

describe('a layer with a fault is found out', () => {
  it.each<[LayerFault, string]>([
    ['unused weight', 'gives every parameter a gradient'],
    ['gradient', 'has the gradient by its weights that differences show'],
    ['gradient', 'has the gradient by its input that differences show'],
    ['random', 'gives the promised shape, the same each time'],
    ['leak', 'frees what it makes and keeps what it borrows'],
    ['dispose', 'owns its variables under stable paths'],
    ['hidden state', 'is its weights and nothing else: saved and loaded it gives the same bits'],
  ])('%s: %s', async (fault, statement) => {
    expect(await broken(layerChecks, linear(fault))).toContain(statement);
  });

  it('an activation whose gradient uses its own output', async () => {
    const tanh: LayerCase = { make: () => new ActivationLayer(tf.tanh), input: [[-1, 0.4, 2]] };
    expect(await broken(layerChecks, tanh)).toEqual(['has the second derivatives that differences show']);
  });
});

describe('a model with a fault is found out', () => {
  it.each<[ModelFault, string]>([
    ['frozen', 'gives every trainable parameter a gradient'],
    ['frozen', 'learns: what it improves falls, and every term stays finite'],
    ['samples', 'draws samples of its event shape and range'],
    ['leak', 'frees what it makes and keeps what it borrows'],
    ['bound', 'has a bound that is one'],
    ['total', 'has a likelihood that sums to 1, before and after training'],
    ['no shape check', 'refuses a wrong shape'],
    ['any options', 'refuses what are no options of sample, and a context that it does not take'],
  ])('%s: %s', async (fault, statement) => {
    expect(await broken(modelChecks, coin(fault))).toContain(statement);
  });
});

describe('an op with a fault is found out', () => {
  const wrongGradient = tf.customGrad((x) => ({
    value: tf.square(x as Tensor),
    gradFunc: (dy: Tensor) => tf.mul(dy, tf.mul(2.01, x as Tensor)),
  })) as (x: Tensor) => Tensor;

  it('a wrong value', async () => {
    expect(
      await broken(
        opChecks,
        square((x) => tf.mul(1.001, tf.square(x!))),
      ),
    ).toContain('agrees with float64 reference values');
  });

  it('a leak', async () => {
    expect(
      await broken(
        opChecks,
        square((x) => (tf.keep(tf.scalar(0)), tf.square(x!))),
      ),
    ).toContain('frees what it makes and keeps what it borrows');
  });

  it('a wrong gradient', async () => {
    expect(
      await broken(
        opChecks,
        square((x) => wrongGradient(x!)),
      ),
    ).toContain('has the gradient that differences show');
  });

  it('a gradient that uses its own output, which is wrong when differentiated again (tfjs #3252)', async () => {
    const tanh: OpCase = { f: (x) => tf.tanh(x!), points: [[-1, 0.4, 2]] };
    expect(await broken(opChecks, tanh)).toEqual(['has the second-order gradient that differences show']);
  });
});

describe('a check that says nothing about a case', () => {
  const statements = <C>(checks: Checks<C>, the: C): string[] =>
    applicable(checks, the).map(([statement]) => statement);
  const left = <C>(checks: Checks<C>, the: C): string[] =>
    Object.keys(checks).filter((statement) => !statements(checks, the).includes(statement));

  it('is left out: an op', () => {
    expect(left(opChecks, { f: (x) => tf.floor(x!), points: [[0.5]], order: 0 })).toEqual([
      'agrees with float64 reference values',
      'has the gradient that differences show',
      'has the second-order gradient that differences show',
      'stays well-defined at extreme arguments',
    ]);
    expect(
      left(
        opChecks,
        square((x) => tf.square(x!)),
      ),
    ).toEqual([]);
  });

  it('is left out: a distribution', () => {
    const coinFlip: DistributionCase = {
      parameters: {},
      make: () => new Independent(new Bernoulli(0, { shape: [3] }), 1),
      support: { kind: 'events', events: everyEvent([0, 1], 3) },
    };
    expect(left(distributionChecks, coinFlip)).toEqual([
      'takes an empty batch',
      'agrees with float64 reference values',
      'has a quantile that inverts its distribution function',
      'stays well-defined at extreme values',
      'has the cdf of its density',
      'has the gradient of logProb that differences show',
      'has finite gradients at extreme values',
      'lets the gradient through its sampler',
    ]);
    expect(left(distributionChecks, normal())).toEqual([]);
    expect(left(distributionChecks, supports['a space, by importance sampling']!())).toEqual(
      expect.arrayContaining(['has the mean and variance of its density', 'has the entropy of its density']),
    );
  });

  it('is left out: a bijector', () => {
    expect(left(bijectorChecks, { ...exp(), invertible: false, extremes: [] })).toEqual([
      'undoes itself both ways',
      'has opposite log-determinants in its two directions',
      'keeps the mass of a density',
      'stays finite far out',
      'refuses a wrong shape',
    ]);
    expect(left(bijectorChecks, exp())).toEqual(['refuses a wrong shape']);
    expect(left(bijectorChecks, { ...exp(), differentiable: false, wrongShape: [] })).toEqual([
      'has the gradients that differences show',
    ]);
  });

  it('is left out: a layer', () => {
    const identity: LayerCase = { make: () => new Sequential([]), input: () => tf.ones([2, 3]) };
    expect(left(layerChecks, identity)).toEqual([
      'gives every parameter a gradient',
      'has the gradient by its weights that differences show',
      'has the gradient by its input that differences show',
      'has the second derivatives that differences show',
      'refuses a wrong shape',
    ]);
    expect(left(layerChecks, linear())).toEqual([]);
  });

  it('is left out: a model', () => {
    const NOT_IN_FILES = 'is refused by name where a model file cannot hold it';
    const { make, data } = coin();
    expect(left(modelChecks, { make, data })).toEqual([
      'has a likelihood that sums to 1, before and after training',
      'has a bound that is one',
      NOT_IN_FILES,
    ]);
    expect(left(modelChecks, coin())).toEqual([NOT_IN_FILES]);
  });

  it('is found out where it is not', async () => {
    const checks: Checks<number[]> = {
      'is positive': when(
        (values) => values.length > 0,
        (values) => values.forEach((value) => ensure(value > 0, `${value} is not positive`)),
      ),
    };
    const forgetful: Check<number[]> = (values) => checks['is positive']!(values);
    expect(applicable(checks, [])).toEqual([]);
    await expect(run(forgetful, [])).rejects.toThrow('has compared nothing');
    await expect(run(forgetful, [1])).resolves.toBeUndefined();
  });
});

describe('checkCoverage', () => {
  const exports = { Normal: 1, fit: 2 };

  it('accepts what is covered', () => {
    checkCoverage({ exports, tables: [{ 'Normal (batch)': 1 }], testedIn: { fit: 'test/kit.test.ts' } });
  });

  it.each([
    ['an export without a test', { exports, tables: [{ Normal: 1 }] }, /fit is in no/],
    ['a row without an export', { exports: {}, tables: [{ Normal: 1 }] }, /Normal is no export/],
    [
      'a missing file',
      { exports, tables: [{ Normal: 1 }], testedIn: { fit: 'test/none.ts' } },
      /does not exist/,
    ],
    [
      'a file without the name',
      { exports, tables: [{ Normal: 1 }], testedIn: { fit: 'package.json' } },
      /not mention/,
    ],
    ['a name without an export', { exports: {}, tables: [], testedIn: { fit: 'package.json' } }, /no export/],
  ])('refuses %s', (_what, coverage, message) => {
    expect(() => checkCoverage(coverage)).toThrow(message);
  });
});
