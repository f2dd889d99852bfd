import {
  besselRatio,
  besselRatioGap,
  clipToRange,
  codeVectors,
  digamma,
  elu,
  erf,
  erfc,
  erfinv,
  exp,
  expm1,
  gelu,
  geluTanh,
  leakyRelu,
  lgamma,
  log1mExp,
  log1p,
  logAddExp,
  logBesselGap,
  logBesselI,
  logBeta,
  logNdtr,
  logSigmoid,
  logSoftmax,
  logSumExp,
  mish,
  ndtr,
  ndtri,
  euclideanNorm,
  nearestCodes,
  oneHot,
  polygamma,
  quickGelu,
  relu,
  roundStraightThrough,
  selectByMask,
  selu,
  sigmoid,
  softmax,
  softplus,
  softsign,
  solveTriangular,
  stopGradient,
  straightThrough,
  swish,
  tanh,
  unstack,
  triangularInverse,
  triangularLogDet,
} from '@dgm/core';
import type { OpCase, OpTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import golden from './golden/ops.json';

type OneArgument = (x: Tensor) => Tensor;

const unary =
  (f: OneArgument): OpCase['f'] =>
  (x) =>
    f(x!);

/** The float64 values of one row of ops.json. */
const values = (row: Exclude<keyof typeof golden, 'logBeta'>): NonNullable<OpCase['golden']> => [
  { args: [golden[row].x], value: golden[row].y },
];

const withSlopes = (row: Exclude<keyof typeof golden, 'logBeta'>): NonNullable<OpCase['golden']> =>
  values(row).map((reference) => ({ ...reference, gradients: [(golden[row] as { slope: number[] }).slope] }));

/** What TSDoc promises of a relative error; below 1e-37 float32 has fewer digits. */
const within = (relative: number, absolute = 1e-37): NonNullable<OpCase['tolerance']> => ({
  value: { relative, absolute },
});

/** Both signs, away from the kinks at 0, in steps of differences. */
const real = [[-6.1, -2.3, -1.1, -0.4, 0.3, 0.8, 1.7, 4.2]];
const logits = [
  [
    [-1.2, 0.4, 2.1],
    [0.3, -3.2, 1.1],
  ],
];
const far = (
  value: readonly number[],
  x = [-Infinity, -1e4, 1e4, Infinity],
): NonNullable<OpCase['extremes']> => [{ args: [x], value: [...value] }];

const activations: OpTable = {
  exp: () => ({
    f: unary(exp),
    points: [[-6.1, -1.1, 0.3, 1.7]],
    golden: values('exp'),
    tolerance: within(1e-7),
    extremes: [{ args: [[-Infinity, -1e4, 88]], value: [0, 0, Math.exp(88)] }],
  }),
  expm1: () => ({
    f: unary(expm1),
    points: [[-6.1, -1.1, 0.3, 1.7]],
    golden: values('expm1'),
    tolerance: within(1e-7),
    extremes: [{ args: [[-Infinity, -1e4]], value: [-1, -1] }],
  }),
  sigmoid: () => ({
    f: unary(sigmoid),
    points: real,
    golden: values('sigmoid'),
    tolerance: within(3e-7),
    extremes: far([0, 0, 1, 1]),
  }),
  tanh: () => ({
    f: unary(tanh),
    points: real,
    golden: values('tanh'),
    tolerance: within(2e-7),
    extremes: far([-1, -1, 1, 1]),
  }),
  relu: () => ({
    f: unary(relu),
    points: real,
    extremes: [...far([0, 0, 1e4, Infinity]), { args: [[0]], value: [0], gradients: [[0]] }],
  }),
  leakyRelu: () => ({
    f: (x) => leakyRelu(x!, { slope: 0.2 }),
    points: real,
    golden: [{ args: [[-2, 3]], value: [-0.4, 3], gradients: [[0.2, 1]] }],
    extremes: [...far([-2e3, 1e4], [-1e4, 1e4]), { args: [[0]], value: [0], gradients: [[0.2]] }],
  }),
  'leakyRelu (default slope)': () => ({
    f: unary(leakyRelu),
    points: real,
    golden: [{ args: [[-2, 3]], value: [-0.02, 3] }],
  }),
  elu: () => ({
    f: unary(elu),
    points: real,
    golden: values('elu'),
    tolerance: within(1e-7),
    extremes: far([-1, -1, 1e4, Infinity]),
  }),
  selu: () => ({
    f: unary(selu),
    points: real,
    golden: values('selu'),
    tolerance: within(3e-7),
    extremes: far([-1.7580993408473766, 10507.009873554805], [-1e4, 1e4]),
  }),
  softplus: () => ({
    f: unary(softplus),
    points: real,
    golden: values('softplus'),
    tolerance: within(5e-7),
    extremes: far([0, 0, 1e4, Infinity]),
  }),
  swish: () => ({
    f: unary(swish),
    points: real,
    golden: values('swish'),
    tolerance: within(4e-7),
    extremes: far([0, 1e4], [-1e4, 1e4]),
  }),
  quickGelu: () => ({
    f: unary(quickGelu),
    points: real,
    golden: values('quickGelu'),
    tolerance: within(5e-6),
    extremes: far([0, 1e4], [-1e4, 1e4]),
  }),
  gelu: () => ({
    f: unary(gelu),
    points: real,
    golden: values('gelu'),
    tolerance: within(1e-6, 5e-7),
    extremes: far([0, 1e4], [-1e4, 1e4]),
  }),
  geluTanh: () => ({
    f: unary(geluTanh),
    points: real,
    golden: values('geluTanh'),
    tolerance: within(2e-6, 1e-6),
    extremes: far([0, 3e38], [-3e38, 3e38]),
  }),
  mish: () => ({
    f: unary(mish),
    points: real,
    golden: values('mish'),
    tolerance: within(1e-6),
    extremes: far([0, 3e38], [-3e38, 3e38]),
  }),
  softsign: () => ({
    f: unary(softsign),
    points: real,
    golden: values('softsign'),
    tolerance: within(2e-7),
    extremes: far([-1, 1], [-3e38, 3e38]),
  }),
  softmax: () => ({
    f: unary(softmax),
    points: logits,
    extremes: [
      {
        args: [
          [
            [-1e4, 0, 1e4],
            [-Infinity, 1, 1],
          ],
        ],
        value: [0, 0, 1, 0, 0.5, 0.5],
      },
    ],
  }),
  'softmax (first axis)': () => ({
    f: (x) => softmax(x!, { axis: 0 }),
    points: logits,
    golden: [
      {
        args: [
          [
            [0, 5],
            [Math.log(3), 5],
          ],
        ],
        value: [0.25, 0.5, 0.75, 0.5],
      },
    ],
  }),
  logSoftmax: () => ({
    f: unary(logSoftmax),
    points: logits,
    extremes: [
      {
        args: [
          [
            [-1e4, 0, 1e4],
            [-Infinity, 1, 1],
          ],
        ],
        value: [-2e4, -1e4, 0, -Infinity, -Math.LN2, -Math.LN2],
      },
    ],
  }),
  'logSoftmax (first axis)': () => ({
    f: (x) => logSoftmax(x!, { axis: 0 }),
    points: logits,
    golden: [
      {
        args: [
          [
            [0, 5],
            [Math.log(3), 5],
          ],
        ],
        value: [Math.log(0.25), -Math.LN2, Math.log(0.75), -Math.LN2],
      },
    ],
  }),
};

const logArithmetic: OpTable = {
  logSumExp: () => ({
    f: (x) => logSumExp(x!, { axis: -1 }),
    points: logits,
    extremes: [
      {
        args: [
          [
            [-Infinity, -Infinity],
            [-Infinity, 2],
          ],
        ],
        value: [-Infinity, 2],
        gradients: [
          [
            [0, 0],
            [0, 1],
          ],
        ],
      },
      {
        args: [
          [
            [Infinity, 1],
            [Infinity, Infinity],
          ],
        ],
        value: [Infinity, Infinity],
        gradients: [
          [
            [1, 0],
            [0.5, 0.5],
          ],
        ],
      },
      {
        args: [
          [
            [Infinity, -Infinity],
            [1e4, -1e4],
          ],
        ],
        value: [Infinity, 1e4],
        gradients: [
          [
            [1, 0],
            [1, 0],
          ],
        ],
      },
    ],
  }),
  'logSumExp (all axes)': () => ({
    f: unary(logSumExp),
    points: logits,
    golden: [
      {
        args: [
          [
            [0, 0],
            [0, 0],
          ],
        ],
        value: Math.log(4),
      },
    ],
  }),
  'logSumExp (kept axes)': () => ({
    f: (x) => logSumExp(x!, { axis: [0], keepDims: true }),
    batched: false,
    points: logits,
  }),
  log1p: () => ({
    f: unary(log1p),
    batched: false,
    points: [[-0.6, -0.2, 0.05, 2, 7]],
    golden: values('log1p'),
    tolerance: within(3e-7),
    extremes: [{ args: [[0, 1e30, Infinity]], value: [0, Math.log(1e30), Infinity] }],
  }),
  logSigmoid: () => ({
    f: unary(logSigmoid),
    points: real,
    golden: values('logSigmoid'),
    tolerance: within(5e-7),
    extremes: far([-Infinity, -1e4, 0, 0]),
  }),
  log1mExp: () => ({
    f: unary(log1mExp),
    points: [[-5, -2, -0.71, -0.66, -0.3]],
    step: 2 ** -7,
    golden: [...values('log1mExp'), ...values('log1mExp (far)')],
    tolerance: within(4e-7),
    extremes: far([0, 0, 0], [-Infinity, -1e4, -90]),
  }),
  logAddExp: () => ({
    f: (a, b) => logAddExp(a!, b!),
    points: [
      [-2, 0.3, 1, 4],
      [0.5, 0.1, 3, -1],
    ],
    extremes: [
      {
        args: [
          [-Infinity, -Infinity, Infinity, Infinity, 1e4, -1e4],
          [-Infinity, 2, Infinity, -Infinity, -1e4, -1e4],
        ],
        value: [-Infinity, 2, Infinity, Infinity, 1e4, -1e4 + Math.LN2],
        gradients: [
          [0.5, 0, 0.5, 1, 1, 0.5],
          [0.5, 1, 0.5, 0, 0, 0.5],
        ],
      },
    ],
  }),
  'logAddExp (broadcast)': () => ({
    f: (a, b) => logAddExp(a!, b!),
    points: [
      [[-2], [0.3]],
      [0.5, 0.1, 3],
    ],
  }),
};

const special: OpTable = {
  erf: () => ({
    f: unary(erf),
    points: [[-3.1, -1.1, -0.4, 0.3, 0.85, 1.7]],
    golden: values('erf'),
    tolerance: within(4e-7),
    extremes: far([-1, -1, 1, 1]),
  }),
  erfc: () => ({
    f: unary(erfc),
    points: [[-3.1, -1.1, -0.4, 0.3, 0.85, 1.7]],
    golden: values('erfc'),
    tolerance: within(5e-7),
    extremes: far([2, 2, 0, 0]),
  }),
  erfinv: () => ({
    f: unary(erfinv),
    points: [[-0.8, -0.3, 0.1, 0.6]],
    step: 2 ** -7,
    golden: values('erfinv'),
    tolerance: within(1e-6),
    extremes: [{ args: [[0]], value: [0] }],
  }),
  ndtr: () => ({
    f: unary(ndtr),
    points: real,
    golden: values('ndtr'),
    tolerance: within(5e-7),
    extremes: far([0, 0, 1, 1]),
  }),
  logNdtr: () => ({
    f: unary(logNdtr),
    points: [[-9, ...real[0]!]],
    golden: values('logNdtr'),
    tolerance: within(5e-7),
    // The slope is -x + O(1/x) on the left.
    extremes: [{ args: [[-1e4, 1e4]], value: [-50000010.129283, 0], gradients: [[1e4, 0]] }],
  }),
  'logNdtr (slope)': () => ({
    // The second derivative, -h(x)(x + h(x)), tends to -1: by subtraction it would be off by units.
    f: tf.grad(unary(logNdtr) as OneArgument) as OpCase['f'],
    points: [[-3, 0.5]],
    order: 1,
    extremes: [{ args: [[-1e4, -100, 1e4]], gradients: [[-0.99999999, -0.99990006, 0]] }],
  }),
  ndtri: () => ({
    f: unary(ndtri),
    points: [[0.1, 0.3, 0.55, 0.9]],
    step: 2 ** -8,
    golden: values('ndtri'),
    tolerance: within(1e-6),
    extremes: [{ args: [[0.5]], value: [0] }],
  }),
  lgamma: () => ({
    f: unary(lgamma),
    points: [[0.4, 0.7, 1.3, 1.8, 3, 6, 40]],
    step: 2 ** -6,
    golden: values('lgamma'),
    tolerance: within(5e-7),
    extremes: [{ args: [[1e-30, 1, 2, 1e30]], value: [69.07755278982137, 0, 0, 6.807755278982137e31] }],
  }),
  unstack: () => ({
    f: (x) => tf.tidy(() => tf.mul(...(unstack(tf.reshape(x!, [2, 2]), -1) as [Tensor, Tensor]))),
    points: [[0.5, 3, -2, 1]],
    golden: [{ args: [[0.5, 3, -2, 1]], value: [1.5, -2], gradients: [[3, 0.5, 1, -2]] }],
  }),
  'unstack (one part)': () => ({
    f: (x) => tf.tidy(() => unstack(tf.reshape(x!, [3, 1]), 1)[0]!),
    points: [[0.5, 3, -2]],
    golden: [{ args: [[0.5, 3, -2]], value: [0.5, 3, -2] }],
  }),
  logBeta: () => ({
    f: (a, b) => logBeta(a!, b!),
    points: [
      [0.4, 0.7, 3, 40],
      [1.3, 0.5, 1.8, 6],
    ],
    step: 2 ** -6,
    golden: [{ args: [golden.logBeta.a, golden.logBeta.b], value: golden.logBeta.y }],
    tolerance: within(2e-6, 2e-6),
  }),
  digamma: () => ({
    f: unary(digamma),
    points: [[0.4, 0.7, 1.3, 1.8, 3, 6, 40]],
    step: 2 ** -6,
    golden: values('digamma'),
    tolerance: within(1e-6, 1e-6),
    extremes: [{ args: [[1e-10, 1e30]], value: [-1e10, 69.07755278982137] }],
  }),
  polygamma: () => ({
    f: (x) => polygamma(x!, { order: 1 }),
    points: [[0.7, 1.3, 1.8, 3, 6, 40]],
    step: 2 ** -6,
    golden: values('polygamma (order 1)'),
    tolerance: within(1e-6),
    extremes: [{ args: [[1e10]], value: [1e-10] }],
  }),
  'polygamma (order 2)': () => ({
    f: (x) => polygamma(x!, { order: 2 }),
    points: [[1.3, 1.8, 3, 6, 40]],
    step: 2 ** -6,
    golden: values('polygamma (order 2)'),
    tolerance: within(1e-6),
  }),
};

/** Orders v = d/2 - 1 of the von Mises-Fisher distribution in dimensions 2 to 102. */
const orders = [0, 0.5, 1, 1.5, 3, 7.5, 15.5, 16, 31.5, 49, 50] as const;
const bessel: OpTable = Object.fromEntries(
  orders.flatMap((order) => {
    const points = [[1, 3, 12, 40]];
    // One order for each of the formulas, and the half-integers between.
    const differentiated = [0, 1.5, 15.5, 49].includes(order) ? {} : ({ order: 1 } as const);
    const atZero = order === 0 ? { extremes: [{ args: [[0]], value: [0], gradients: [[0]] }] } : {};
    const ratioAtZero = [{ args: [[0]], value: [0], gradients: [[0.5 / (order + 1)]] }];
    const far = [{ args: [[1e4]] }];
    return [
      [`logBesselI (order ${order})`, () => ({ f: (x) => logBesselI(x!, { order }), points, ...differentiated, golden: values(`logBesselI (order ${order})`), tolerance: within(2e-6, 2e-6), ...atZero })], // prettier-ignore
      [`logBesselI (order ${order}, scaled)`, () => ({ f: (x) => logBesselI(x!, { order, scaled: true }), points, ...differentiated, golden: values(`logBesselI (order ${order}, scaled)`), tolerance: within(2e-6, 2e-6), extremes: far })], // prettier-ignore
      [`besselRatio (order ${order})`, () => ({ f: (x) => besselRatio(x!, { order }), points, ...differentiated, golden: values(`besselRatio (order ${order})`), tolerance: within(5e-7), extremes: ratioAtZero })], // prettier-ignore
    ] satisfies [string, () => OpCase][];
  }),
);

/** What von Mises-Fisher distributions of large and small concentrations need, with derivatives. */
const gapNames = [
  ['logBesselGap', logBesselGap],
  ['besselRatioGap', besselRatioGap],
] as const;
const gaps: OpTable = Object.fromEntries(
  ([0, 0.5, 1, 3, 7.5, 15.5, 16, 31.5, 49] as const).flatMap((order) =>
    gapNames.map(([name, gap]): [string, () => OpCase] => [
      `${name} (order ${order})`,
      () => ({
        f: (x) => gap(x!, { order }),
        points: [[1, 3, 12, 40]],
        golden: withSlopes(`${name} (order ${order})`),
        tolerance: within(1e-5, 1e-7),
        extremes: [{ args: [[0]], value: [0], gradients: [[1]] }],
      }),
    ]),
  ),
);

const masks: OpTable = {
  clipToRange: () => ({
    f: (x) => clipToRange(x!, { min: -1, max: 2 }),
    points: real,
    golden: [{ args: [[-3, -1, 0.5, 2, 5]], value: [-1, -1, 0.5, 2, 2], gradients: [[0, 1, 1, 1, 0]] }],
    extremes: far([-1, -1, 2, 2]),
  }),
  'clipToRange (pass-through)': () => ({
    f: (x) => clipToRange(x!, { min: -1, max: 2, gradient: 'pass-through' }),
    points: [[-0.5, 0.5, 1.5]],
    golden: [{ args: [[-3, -1, 0.5, 2, 5]], value: [-1, -1, 0.5, 2, 2], gradients: [[1, 1, 1, 1, 1]] }],
  }),
  'clipToRange (one side)': () => ({
    f: (x) => clipToRange(x!, { min: 0 }),
    points: real,
    golden: [{ args: [[-3, 5]], value: [0, 5], gradients: [[0, 1]] }],
  }),
  selectByMask: () => ({
    // The mask depends on what is differentiated; the logarithm would be NaN or infinite where it is not chosen.
    f: (x) =>
      tf.tidy(() => {
        const positive = tf.greater(x!, 0);
        return selectByMask(positive, tf.log(selectByMask(positive, x!, 1)), tf.square(x!));
      }),
    points: [[-2, -0.5, 0.6, 3]],
    extremes: [{ args: [[0, 1e4]], value: [0, Math.log(1e4)], gradients: [[0, 1e-4]] }],
  }),
  'selectByMask (numbers)': () => ({
    // A number gets no gradient: that of x is computed alone.
    f: (x) =>
      tf.tidy(() => tf.add(selectByMask(tf.greater(x!, 0), x!, -1), selectByMask(tf.less(x!, 2), 3, x!))),
    points: [[-2, 0.5, 3]],
    golden: [{ args: [[-2, 0.5, 3]], value: [2, 3.5, 6], gradients: [[0, 1, 2]] }],
  }),
  'selectByMask (broadcast)': () => ({
    f: (a, b) => tf.tidy(() => selectByMask(tf.tensor([true, false, true]), a!, b!)),
    points: [
      [[1], [2]],
      [3, 4, 5],
    ],
    golden: [
      {
        args: [
          [[1], [2]],
          [3, 4, 5],
        ],
        value: [1, 4, 1, 2, 4, 2],
        gradients: [
          [2, 2],
          [0, 2, 0],
        ],
      },
    ],
  }),
  stopGradient: () => ({
    f: (x) => tf.tidy(() => tf.mul(stopGradient(x!), x!)),
    points: [[1]],
    order: 0,
    golden: [{ args: [[2, 3]], value: [4, 9], gradients: [[2, 3]] }],
  }),
  straightThrough: () => ({
    f: (x) => straightThrough(x!, tf.sign),
    points: [[1]],
    order: 0,
    golden: [{ args: [[-2, 3]], value: [-1, 1], gradients: [[1, 1]] }],
  }),
  roundStraightThrough: () => ({
    f: unary(roundStraightThrough),
    points: [[1]],
    order: 0,
    golden: [{ args: [[-1.7, 0.2, 0.5, 1.5]], value: [-2, 0, 0, 2], gradients: [[1, 1, 1, 1]] }],
  }),
  euclideanNorm: () => ({
    f: (x) => euclideanNorm(x!, { axis: -1 }),
    points: logits,
    extremes: [
      {
        args: [
          [
            [0, 0],
            [3, 4],
          ],
        ],
        value: [0, 5],
        gradients: [
          [
            [0, 0],
            [0.6, 0.8],
          ],
        ],
      },
    ],
  }),
  'euclideanNorm (all axes)': () => ({
    f: unary(euclideanNorm),
    points: logits,
    golden: [
      {
        args: [
          [
            [3, 0],
            [0, 4],
          ],
        ],
        value: 5,
      },
    ],
  }),
  oneHot: () => ({
    f: (x) => oneHot(x!, { depth: 3 }),
    points: [[0]],
    order: 0,
    golden: [
      {
        args: [
          [
            [0, 2],
            [1, 3],
          ],
        ],
        value: [1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0],
      },
    ],
  }),
  nearestCodes: () => ({
    f: (x) => tf.tidy(() => nearestCodes(x!, tf.tensor2d(vectors))),
    points: [[[0.4, 3]]],
    order: 0,
    golden: [{ args: [[[0.9, 0.1], [-2, 0], [0.5, 0], [-1, 4]]], value: [1, 0, 0, 2] }], // prettier-ignore
  }),
  codeVectors: () => ({
    f: (codes) => tf.tidy(() => codeVectors(codes!, tf.tensor2d(vectors))),
    points: [[2]],
    order: 0,
    golden: [{ args: [[[2, 0], [1, 3]]], value: [-1, 5, 0, 0, 1, 0, 0, 0] }], // prettier-ignore
  }),
  'codeVectors (of a codebook)': () => ({
    f: (codebook) => tf.tidy(() => codeVectors(tf.tensor1d([1, 1, 0]), codebook!)),
    points: [vectors],
    batched: false,
    golden: [{ args: [vectors], value: [1, 0, 1, 0, 0, 0], gradients: [[[1, 1], [2, 2], [0, 0]]] }], // prettier-ignore
  }),
  'oneHot (depth 1)': () => ({
    f: (x) => oneHot(x!, { depth: 1 }),
    points: [[0]],
    order: 0,
    golden: [{ args: [[0, 1, 0]], value: [1, 0, 1] }],
  }),
};

/** A codebook. */
const vectors = [
  [0, 0],
  [1, 0],
  [-1, 5],
];

const lower = [
  [2, 9, 9],
  [0.5, -1, 9],
  [-0.3, 0.7, 1.5],
];
const upper = [
  [2, 0.5, -0.3],
  [9, -1, 0.7],
  [9, 9, 1.5],
];
const rightHandSides = [
  [
    [1, 2],
    [-1, 0.5],
    [0.3, 3],
  ],
  [
    [0.2, 1],
    [1, -2],
    [4, 1],
  ],
];
const triangular: OpTable = {
  solveTriangular: () => ({
    f: (matrix, b) => solveTriangular(matrix!, b!),
    points: [[lower, lower], rightHandSides],
    golden: [
      {
        args: [
          [
            [2, 9],
            [1, 4],
          ],
          [[2], [9]],
        ],
        value: [1, 2],
        gradients: [
          [
            [-0.375, 0],
            [-0.25, -0.5],
          ],
          [[0.375], [0.25]],
        ],
      },
    ],
  }),
  'solveTriangular (upper, broadcast)': () => ({
    f: (matrix, b) => solveTriangular(matrix!, b!, { triangle: 'upper' }),
    points: [upper, rightHandSides],
    golden: [
      {
        args: [
          [
            [4, 1],
            [9, 2],
          ],
          [[9], [2]],
        ],
        value: [2, 1],
      },
    ],
  }),
  triangularInverse: () => ({
    f: unary(triangularInverse),
    points: [lower],
    golden: [
      {
        args: [
          [
            [2, 9],
            [1, 4],
          ],
        ],
        value: [0.5, 0, -0.125, 0.25],
      },
    ],
  }),
  triangularLogDet: () => ({
    f: unary(triangularLogDet),
    points: [lower],
    golden: [
      {
        args: [
          [
            [
              [2, 9],
              [1, -4],
            ],
          ],
        ],
        value: [Math.log(8)],
      },
    ],
  }),
};

/** Every op that core exports. */
export const ops: OpTable = {
  ...activations,
  ...logArithmetic,
  ...special,
  ...bessel,
  ...gaps,
  ...masks,
  ...triangular,
};
