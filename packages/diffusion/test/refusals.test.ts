import { DgmError, dormandPrince, Key, mlp } from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as diffusion from '../src/index';

/** What JavaScript, or a file of options, may pass. */
const untyped = diffusion as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
const { flowMatching, gaussianDiffusion, mlpDenoiser } = diffusion;
const key = Key.of(0);
const network = (outputs = 1) => mlpDenoiser({ shape: [2], outputs, features: 4, blocks: 1, key });

const refuses = (run: () => unknown): void =>
  expectNoLeaks(() => expect(run).toThrow(expect.toSatisfy((error) => DgmError.is(error))));

const models = [
  ...['ddgm', 'flowMatching', 'gaussianDiffusion', 'latentDiffusion', 'maskedDiffusion', 'meanFlow'],
  ...[
    'consistencyModel',
    'multinomialDiffusion',
    'probabilityFlow',
    'scoreMatching',
    'stochasticInterpolant',
  ],
];
const networks = ['convDenoiser', 'mlpDenoiser', 'sequenceDenoiser', 'transformerDenoiser', 'uNetDenoiser'];
const entries = ['fourierEntries', 'maskedEntries', 'oneHotEntries'];
const optional = [
  ...['cosineNoiseSchedule', 'edmSchedule', 'learnedSchedule', 'linearBetaSchedule', 'logSnrSchedule'],
  ...['sigmoidNoiseSchedule', 'subVariancePreservingSchedule', 'varianceExplodingSchedule'],
  ...['ancestral', 'annealedLangevin', 'ddim', 'dpmSolver', 'heun', 'predictorCorrector', 'optimalPairs'],
];

it.each([...models, ...networks, ...entries])(
  '%s refuses no options, none that it needs, and wrong ones',
  (name) => {
    for (const args of [[], [null], [{}], [{ stps: 3 }]]) refuses(() => untyped[name]!(...args));
  },
);

it.each(optional)('%s refuses null and an unknown option', (name) => {
  for (const options of [null, 'x', { stps: 3 }]) refuses(() => untyped[name]!(options));
});

it('refuses parts that are none', () => {
  const layer = network();
  const options = { shape: [2], network: layer };
  refuses(() => untyped['gaussianDiffusion']!({ ...options, shape: 'ab' }));
  refuses(() => untyped['gaussianDiffusion']!({ ...options, schedule: 'cosine' }));
  refuses(() => untyped['gaussianDiffusion']!({ ...options, schedule: {} }));
  refuses(() => untyped['gaussianDiffusion']!({ ...options, network: () => layer }));
  refuses(() => untyped['gaussianDiffusion']!({ ...options, variance: 'learned' }));
  refuses(() => untyped['gaussianDiffusion']!({ ...options, steps: 5, variance: 'free' }));
  refuses(() => untyped['flowMatching']!({ ...options, solver: {} }));
  refuses(() => untyped['flowMatching']!({ ...options, trace: {} }));
  refuses(() => untyped['probabilityFlow']!({ diffusion: layer }));
  refuses(() => untyped['ddgm']!({ shape: [2], betas: 0.5, reverse: [], decoder: layer }));
  refuses(() => untyped['ddgm']!({ shape: [2], betas: [0.5], reverse: [], decoder: {} }));
  refuses(() => untyped['ddim']!({ times: 'abc' }));
  refuses(() => untyped['ddim']!({ times: [1, 0], steps: 5 }));
  refuses(() => untyped['fourierEntries']!({ frequencies: 3 }));
  layer.dispose();
});

it('refuses wrong arguments of methods', () => {
  const model = gaussianDiffusion({ shape: [2], network: network() });
  const flow = flowMatching({ shape: [2], network: network() });
  const book = diffusion.ddgm({ shape: [2], betas: [0.5], reverse: [], decoder: mlp([2, 2], { key }) });
  const x = tf.zeros([2, 2]);
  const t = tf.zeros([3]);
  for (const each of [model, flow, book]) {
    refuses(() => each.elbo(x, undefined as never));
    refuses(() => each.elbo(x, 3 as never));
    refuses(() => each.elbo([[1, 2]] as never, key));
    refuses(() => each.sample(3 as never, 1));
    refuses(() => each.sample(key, 1, null as never));
  }
  for (const each of [model, flow]) {
    refuses(() => each.sample(key, 1, { context: 'seven' as never }));
    refuses(() => each.sample(key, 1, { guidance: 2 }));
  }
  refuses(() => model.sample(key, 1, { sampler: 'ddim' as never }));
  refuses(() => model.sample(key, 1, { given: null as never }));
  refuses(() => model.denoise(x, t));
  refuses(() => model.diffusionTerm(x, { t, noise: x }));
  refuses(() => flow.velocity(x, t));
  refuses(() => flow.samplingLoop(1, { solver: {} as never }));
  refuses(() => flow.sample(3 as never, 1, { solver: dormandPrince({ tolerance: 1e-3 }) }));
  tf.dispose([x, t]);
  [model, flow, book].forEach((each) => each.dispose());
});

it('names a network with another number of outputs', () => {
  const model = gaussianDiffusion({ shape: [2], levels: 3, network: network(2) });
  const x = tf.zeros([1, 2]);
  expectNoLeaks(() =>
    expect(() => model.elbo(x, key)).toThrow(
      'the output of the network to have the numbers of [1, 2, 3], got [1, 2, 2]',
    ),
  );
  x.dispose();
  model.dispose();
});

it.each(['gaussianDiffusion', 'ddgm'] as const)('%s has a loss of 0 for no examples', (name) => {
  const model =
    name === 'ddgm'
      ? diffusion.ddgm({ shape: [2], betas: [0.5], reverse: [], decoder: mlp([2, 2], { key }) })
      : gaussianDiffusion({ shape: [2], network: network() });
  tf.tidy(() => {
    const { total } = model.objectives()[0]!.loss(tf.zeros([0, 2]), key, { training: true });
    expect(total.dataSync()[0]).toBe(0);
  });
  model.dispose();
});
