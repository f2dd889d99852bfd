import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { topologicalOrder } from '../src/graph/graph';
import { passes, simplify } from '../src/passes/simplify';
import { captured, describePass as describeNamed, kernelsOf } from './support/describe-pass';
import type { PassCase } from './support/describe-pass';

function describePass(name: string, cases: Readonly<Record<string, PassCase>>): void {
  describeNamed(
    passes.find((pass) => pass.name === name)!,
    cases,
  );
}

/** The gradient of a filter in the words of a convolution, padded by one row above and one column on the left. */
function batchAsChannels(
  x: Tensor,
  dy: Tensor,
  strides: [number, number],
  dilations: [number, number],
): Tensor {
  const [image, kernel] = [tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3])];
  const padding: [number, number][] = [
    [0, 0],
    [1, 0],
    [1, 0],
    [0, 0],
  ];
  return tf.conv2d(
    image as tf.Tensor4D,
    kernel as tf.Tensor4D,
    strides,
    padding as Parameters<typeof tf.conv2d>[3],
    'NHWC',
    dilations,
  );
}

describePass('remove-aliases', {
  'copies and casts to the same type': {
    f: (x) => tf.neg(tf.cast(tf.clone(x!), 'float32')),
    inputs: [[3]],
    left: ['Neg'],
  },
  'a chain of shapes becomes one': {
    f: (x) => tf.neg(tf.expandDims(tf.reshape(tf.reshape(x!, [6]), [3, 2]), 0)),
    inputs: [[2, 3]],
    left: ['Reshape', 'Neg'],
  },
  'a cast comes before a shape': {
    f: (x) => tf.reshape(tf.cast(tf.reshape(x!, [6]), 'int32'), [3, 2]),
    inputs: [[2, 3]],
    left: ['Cast', 'Reshape'],
  },
  'a shape and back': {
    f: (x) => tf.neg(tf.reshape(tf.reshape(x!, [6]), [2, 3])),
    inputs: [[2, 3]],
    left: ['Neg'],
  },
  'no repetition, no padding, and all of an axis': {
    f: (x) =>
      tf.neg(
        tf.slice(
          tf.pad(tf.tile(x!, [1, 1]), [
            [0, 0],
            [0, 0],
          ]),
          [0, 0],
          [2, 3],
        ),
      ),
    inputs: [[2, 3]],
    left: ['Neg'],
  },
  'transposes there and back, and a chain that is not': {
    f: (x, y) => {
      const back = tf.transpose(tf.transpose(x!, [1, 2, 0]), [2, 0, 1]);
      return tf.add(back, tf.transpose(tf.transpose(y!, [1, 2, 0]), [1, 2, 0]));
    },
    inputs: [
      [2, 3, 4],
      [3, 4, 2],
    ],
    left: ['Transpose', 'Add'],
  },
  'a transpose that moves nothing': {
    f: (x) => tf.neg(tf.transpose(x!, [0, 1])),
    inputs: [[2, 3]],
    left: ['Neg'],
  },
});

describePass('read-filter-gradient', {
  'with strides and dilations exchanged, the batch for channels': {
    f: (x, dy) => tf.transpose(batchAsChannels(x!, dy!, [2, 1], [1, 1]), [1, 2, 0, 3]),
    inputs: [
      [2, 8, 5, 3],
      [2, 7, 4, 4],
    ],
    left: ['Conv2DBackpropFilter'],
  },
  'without the taps that no position reaches': {
    f: (x, dy) => {
      const taps = tf.slice(batchAsChannels(x!, dy!, [1, 1], [2, 1]), [0, 0, 0, 0], [3, 2, 3, 4]);
      return tf.transpose(taps, [1, 2, 0, 3]);
    },
    inputs: [
      [2, 8, 5, 3],
      [2, 4, 4, 4],
    ],
    left: ['Conv2DBackpropFilter'],
  },
  'not where other taps are taken': {
    f: (x, dy) => {
      const taps = tf.slice(batchAsChannels(x!, dy!, [1, 1], [2, 1]), [0, 1, 0, 0], [3, 2, 3, 4]);
      return tf.transpose(taps, [1, 2, 0, 3]);
    },
    inputs: [
      [2, 8, 5, 3],
      [2, 4, 4, 4],
    ],
    left: ['Transpose', 'Transpose', 'Conv2D', 'Slice', 'Transpose'],
  },
});

describePass('drop-zeros', {
  'a derivative of 0, through everything that is linear in it': {
    f: (x, w) => {
      const zero = tf.neg(tf.transpose(tf.zerosLike(x!)));
      const zeros = tf.add(zero, zero) as tf.Tensor2D;
      return tf.add(x!, tf.sum(tf.mul(x!, tf.matMul(w as tf.Tensor2D, zeros, false, true)), 0));
    },
    inputs: [
      [3, 2],
      [3, 3],
    ],
    left: ['Add'],
  },
  'not a constant of zeros that someone wrote': {
    f: (x) => tf.mul(x!, tf.zeros([3])),
    inputs: [[3]],
    left: ['Multiply'],
  },
});

describePass('fold-constants', {
  'what depends on nothing': {
    f: (x) => tf.add(x!, tf.sqrt(tf.mul(tf.scalar(2), tf.onesLike(tf.zeros([3]))))),
    inputs: [[3]],
    left: ['Add'],
  },
  'zeros like an input': {
    f: (x) => tf.add(tf.zerosLike(x!), x!),
    inputs: [[3]],
    left: ['Add'],
  },
});

describePass('take-parts', {
  'of a concatenation': {
    f: (x, y) => tf.sub(...(tf.split(tf.concat([x!, y!], 1), 2, 1) as [Tensor, Tensor])),
    inputs: [
      [2, 3],
      [2, 3],
    ],
    left: ['Sub'],
  },
  'of several in one, and of a stack': {
    f: (x, y) => {
      const [a, b] = tf.split(tf.concat([x!, y!, x!], -1), [5, 3], 1) as [Tensor, Tensor];
      const [c, d] = tf.unstack(tf.stack([b, tf.neg(b)], 2), 2) as [Tensor, Tensor];
      return tf.concat([a, c, d], 1);
    },
    inputs: [
      [2, 3],
      [2, 2],
    ],
    left: ['Concat', 'Reshape', 'Reshape', 'Neg', 'Reshape', 'Reshape', 'Concat'],
  },
  'of a permutation that reverses both halves': {
    f: (x, y) => {
      const reversed = tf.gather(tf.concat([x!, y!], 1), tf.tensor1d([5, 4, 3, 2, 1, 0], 'int32'), 1);
      return tf.sub(...(tf.split(reversed, 2, 1) as [Tensor, Tensor]));
    },
    inputs: [
      [2, 3],
      [2, 3],
    ],
    left: ['GatherV2', 'GatherV2', 'Sub'],
  },
  'of two permutations, the second of which undoes the first in part': {
    f: (x, y) => {
      const reverse = (z: Tensor) => tf.gather(z, tf.tensor1d([5, 4, 3, 2, 1, 0], 'int32'), 1);
      const [a, b] = tf.split(reverse(tf.concat([x!, y!], 1)), 2, 1) as [Tensor, Tensor];
      return tf.concat(tf.split(reverse(tf.concat([a, tf.neg(b)], 1)), 2, 1), 0);
    },
    inputs: [
      [2, 3],
      [2, 3],
    ],
    left: ['GatherV2', 'Neg', 'GatherV2', 'Concat'],
  },
  'the whole of all its parts': {
    f: (x) => tf.neg(tf.stack(tf.unstack(tf.concat(tf.split(x!, [1, 2], 1), 1), 1), 1)),
    inputs: [[2, 3]],
    left: ['Neg'],
  },
  'not pieces of a part, another axis, another order, or what is mixed': {
    f: (x, y) => {
      const whole = tf.concat([x!, y!], 1);
      const [a, b] = tf.split(whole, [2, 4], 1) as [Tensor, Tensor];
      const [c, d] = tf.split(whole, 2, 0) as [Tensor, Tensor];
      const mixed = tf.gather(whole, tf.tensor1d([0, 3, 2, 1, 4, 5], 'int32'), 1);
      return tf.concat([b, a, tf.concat([d, c], 0), ...tf.split(mixed, 2, 1)], 1);
    },
    inputs: [
      [2, 3],
      [2, 3],
    ],
    left: ['Concat', 'SplitV', 'SplitV', 'Concat', 'GatherV2', 'SplitV', 'Concat'],
  },
});

describePass('apply-identities', {
  'sums with 0, products and quotients with 1': {
    f: (x) => tf.neg(tf.div(tf.mul(tf.add(x!, 0), 1), 1)),
    inputs: [[2, 3]],
    left: ['Neg'],
  },
  'a sum with 0 that broadcasts stays': {
    f: (x) => tf.add(x!, tf.zeros([2, 3])),
    inputs: [[3]],
    left: ['Add'],
  },
  'sums with what is negated, and differences': {
    f: (x, y) => tf.mul(tf.add(x!, tf.neg(y!)), tf.sub(tf.add(tf.neg(x!), y!), tf.neg(y!))),
    inputs: [[2, 3], [3]],
    left: ['Sub', 'Sub', 'Add', 'Multiply'],
  },
  'twice negated': { f: (x) => tf.abs(tf.neg(tf.neg(x!))), inputs: [[3]], left: ['Abs'] },
});

describePass('read-activation', {
  'the sign for a gradient is that of the result': {
    f: (x) => tf.mul(tf.leakyRelu(x!, 0.1), tf.step(x!, 0.1)),
    inputs: [[4, 3]],
    left: ['LeakyRelu', 'LeakyRelu', 'Step', 'Multiply'],
  },
  'not where a negative slope turns the sign': {
    f: (x) => tf.mul(tf.leakyRelu(x!, -0.1), tf.step(x!, -0.1)),
    inputs: [[4, 3]],
    left: ['LeakyRelu', 'Step', 'Multiply'],
  },
});

describePass('share-common', {
  'equal nodes are one, and so is what follows': {
    f: (x) => tf.add(tf.square(tf.exp(x!)), tf.square(tf.exp(x!))),
    inputs: [[3]],
    left: ['Exp', 'Square', 'Add'],
  },
  'with constants that have equal contents': {
    f: (x) => tf.mul(tf.sub(x!, tf.range(0, 33)), tf.sub(x!, tf.range(0, 33))),
    inputs: [[33]],
    left: ['Sub', 'Multiply'],
  },
  'in either order where that does not matter': {
    f: (x, y) => tf.add(tf.sub(tf.mul(x!, y!), tf.mul(y!, x!)), tf.sub(tf.sub(x!, y!), tf.sub(y!, x!))),
    inputs: [[3], [3]],
    left: ['Multiply', 'Sub', 'Sub', 'Sub', 'Sub', 'Add'],
  },
  'other attributes are another node': {
    f: (x) => tf.add(tf.leakyRelu(x!, 0.1), tf.leakyRelu(x!, 0.2)),
    inputs: [[3]],
    left: ['LeakyRelu', 'LeakyRelu', 'Add'],
  },
});

/** What goes back through two layers, from a slope in each score: of the loss, and of the scores themselves. */
function backwards(slope: Tensor, [w, v, m]: readonly Tensor[]): Tensor {
  const inner = tf.mul(tf.matMul(slope as tf.Tensor2D, v as tf.Tensor2D, false, true), m!);
  return tf.matMul(inner as tf.Tensor2D, w as tf.Tensor2D, false, true);
}

describePass('share-row-scales', {
  'one way back for two slopes': {
    f: (c, ...weights) => tf.add(backwards(c!, weights), backwards(tf.ones([4, 1]), weights)),
    inputs: [
      [4, 1],
      [3, 5],
      [5, 1],
      [4, 5],
    ],
    left: ['BatchMatMul', 'Multiply', 'BatchMatMul', 'Multiply', 'Add'],
  },
  'not where the second layer is another one': {
    f: (c, w, v, m, u) => tf.add(backwards(c!, [w!, v!, m!]), backwards(tf.ones([4, 1]), [u!, v!, m!])),
    inputs: [
      [4, 1],
      [3, 5],
      [5, 1],
      [4, 5],
      [3, 5],
    ],
    left: ['BatchMatMul', 'Multiply', 'Multiply', 'BatchMatMul', 'BatchMatMul', 'Add'],
  },
  'not where one slope is all there is': {
    f: (c, ...weights) => backwards(c!, weights),
    inputs: [
      [4, 1],
      [3, 5],
      [5, 1],
      [4, 5],
    ],
    left: ['BatchMatMul', 'Multiply', 'BatchMatMul'],
  },
});

const transposed = (a?: Tensor, b?: Tensor) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true, false);

describePass('merge-products', {
  'of two matrices with one, whose rows are scaled once': {
    f: (a, d, b, c) => tf.add(transposed(a, tf.mul(c!, b!)), transposed(d, b)),
    inputs: [
      [4, 3],
      [4, 3],
      [4, 20],
      [4, 1],
    ],
    left: ['Multiply', 'Add', 'BatchMatMul'],
  },
  'among others': {
    f: (a, d, b, e) => tf.add(tf.add(transposed(a, b), transposed(a, e)), transposed(d, b)),
    inputs: [
      [4, 3],
      [4, 3],
      [4, 20],
      [4, 20],
    ],
    left: ['Add', 'BatchMatMul', 'BatchMatMul', 'Add'],
  },
  'not where something else reads a product': {
    f: (a, d, b) => {
      const product = transposed(a, b);
      return tf.mul(product, tf.add(product, transposed(d, b)));
    },
    inputs: [
      [4, 3],
      [4, 3],
      [4, 20],
    ],
    left: ['BatchMatMul', 'BatchMatMul', 'Add', 'Multiply'],
  },
  'not for few columns': {
    f: (a, d, b) => tf.add(transposed(a, b), transposed(d, b)),
    inputs: [
      [4, 3],
      [4, 3],
      [4, 2],
    ],
    left: ['BatchMatMul', 'BatchMatMul', 'Add'],
  },
});

describePass('repeat-rows-last', {
  'one time for a whole batch is prepared once': {
    f: (t, kernel, x) => {
      const times = tf.mul(tf.ones([4, 1]), t!);
      const embedding = tf.sigmoid(tf.concat([tf.sin(times), tf.cos(times)], 1));
      return tf.add(tf.matMul(embedding, kernel!), x!);
    },
    inputs: [
      [1, 1],
      [2, 3],
      [4, 3],
    ],
    left: ['Sin', 'Cos', 'Concat', 'Sigmoid', 'BatchMatMul', 'Tile', 'Add'],
  },
  'and split, cut and given another shape': {
    f: (t) => {
      const [scale, shift] = tf.split(tf.tile(t!, [4, 1]), 2, 1) as [Tensor, Tensor];
      const cut = tf.slice(scale, [0, 1], [4, 2]);
      return tf.reshape(tf.sub(cut, tf.slice(shift, [0, 0], [-1, 2])), [4, 1, 2]);
    },
    inputs: [[1, 6]],
    left: ['SplitV', 'Slice', 'Slice', 'Sub', 'Reshape', 'Tile'],
  },
  'beside constants of one number, rows and numbers': {
    f: (t, row) => tf.mul(tf.add(tf.maximum(tf.tile(t!, [4, 1]), tf.fill([4, 3], 0.5)), row!), 2),
    inputs: [[1, 3], [3]],
    left: ['Maximum', 'Add', 'Multiply', 'Tile'],
  },
  'not where rows differ, or become other rows': {
    f: (t, x) => {
      const rows = tf.tile(t!, [4, 1]);
      const mixed = tf.concat([tf.add(rows, x!), tf.reshape(tf.reshape(rows, [12]), [4, 3])], 0);
      return tf.matMul(rows, tf.slice(mixed, [2, 0], [4, 3]), true);
    },
    inputs: [
      [1, 3],
      [4, 3],
    ],
    left: ['Tile', 'Add', 'Reshape', 'Reshape', 'Concat', 'Slice', 'BatchMatMul'],
  },
});

describePass('broadcast-tiles', {
  'copies along an axis of size 1': {
    f: (x, y) => tf.mul(tf.tile(x!, [1, 4]), y!),
    inputs: [
      [3, 1],
      [3, 4],
    ],
    left: ['Multiply'],
  },
  'both factors, where one has the shape': {
    f: (x, y) => tf.sub(tf.tile(x!, [1, 4]), tf.tile(y!, [3, 1])),
    inputs: [
      [3, 1],
      [1, 4],
    ],
    left: ['Sub'],
  },
  'copies of more than one element stay': {
    f: (x, y) => tf.mul(tf.tile(x!, [1, 2]), y!),
    inputs: [
      [3, 2],
      [3, 4],
    ],
    left: ['Tile', 'Multiply'],
  },
  'copies that give the result its shape stay': {
    f: (x) => tf.mul(tf.tile(x!, [1, 2]), 3),
    inputs: [[3, 1]],
    left: ['Tile', 'Multiply'],
  },
});

describePass('absorb-padding', {
  'of the image of a convolution': {
    f: (x, filter) => {
      const image = tf.pad(x!, [
        [0, 0],
        [1, 0],
        [2, 1],
        [0, 0],
      ]) as tf.Tensor4D;
      return tf.conv2d(image, filter as tf.Tensor4D, 2, [
        [0, 0],
        [1, 1],
        [0, 1],
        [0, 0],
      ]);
    },
    inputs: [
      [2, 5, 4, 3],
      [3, 2, 3, 4],
    ],
    left: ['Conv2D'],
  },
  'of the image of the gradient of a filter': {
    f: (x, dy) =>
      tf.engine().runKernel(
        tf.Conv2DBackpropFilter,
        {
          x: tf.pad(x!, [
            [0, 0],
            [1, 0],
            [2, 1],
            [0, 0],
          ]),
          dy: dy!,
        },
        { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC', filterShape: [2, 3, 3, 4] },
      ),
    inputs: [
      [2, 5, 4, 3],
      [2, 5, 5, 4],
    ],
    left: ['Conv2DBackpropFilter'],
  },
  'which is cut off again': {
    f: (x, filter) => {
      const whole = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same', 'NHWC', [2, 1]);
      return tf.slice(whole, [0, 1, 0, 0], [2, 3, 4, 4]);
    },
    inputs: [
      [2, 5, 4, 3],
      [3, 2, 3, 4],
    ],
    left: ['Conv2D'],
  },
  'but not more of it than there is, nor what others read': {
    f: (x, filter) => {
      const whole = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same');
      const inner = tf.slice(whole, [0, 2, 0, 0], [2, 1, 4, 4]);
      const other = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid');
      return tf.add(tf.add(inner, tf.slice(other, [0, 1, 1, 0], [2, 1, 1, 4])), tf.sum(other));
    },
    inputs: [
      [2, 5, 4, 3],
      [3, 3, 3, 4],
    ],
    left: ['Conv2D', 'Slice', 'Conv2D', 'Slice', 'Add', 'Sum', 'Add'],
  },
  'nor with another number, nor of channels': {
    f: (x, filter) => {
      const ones = tf.pad(
        x!,
        [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ],
        1,
      );
      const channels = tf.pad(ones, [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 1],
      ]);
      return tf.conv2d(channels as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid');
    },
    inputs: [
      [2, 5, 4, 3],
      [3, 3, 4, 4],
    ],
    left: ['PadV2', 'PadV2', 'Conv2D'],
  },
});

describePass('scan-in-place', {
  'along an axis that was moved to the end': {
    f: (x) => tf.cumsum(tf.transpose(x!, [1, 2, 0]), 2, true, true),
    inputs: [[2, 3, 4]],
    left: ['Cumsum', 'Transpose'],
  },
  'not along one that lies at the end': {
    f: (x) => tf.cumsum(tf.transpose(x!, [2, 0, 1]), 0),
    inputs: [[2, 3, 4]],
    left: ['Transpose', 'Cumsum'],
  },
});

describePass('absorb-transposes', {
  'of either factor': {
    f: (a, b) => tf.matMul(tf.transpose(a!, [1, 0]), tf.transpose(b!, [1, 0])),
    inputs: [
      [4, 3],
      [5, 4],
    ],
    left: ['BatchMatMul'],
  },
  'against a flag': {
    f: (a, b) => tf.matMul(tf.transpose(a!, [0, 2, 1]), b!, true),
    inputs: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    left: ['BatchMatMul'],
  },
  'but not of other axes': {
    f: (a, b) => tf.matMul(tf.transpose(a!, [1, 0, 2]), b!),
    inputs: [
      [3, 2, 4],
      [2, 4, 5],
    ],
    left: ['Transpose', 'BatchMatMul'],
  },
});

const indices = (x: Tensor) => tf.cast(tf.clipByValue(tf.abs(x), 0, 2), 'int32');
describePass('type-one-hot', {
  'a cast takes the type to the source': {
    f: (x) => tf.cast(tf.oneHot(indices(x!), 3), 'float32'),
    inputs: [[4]],
    left: ['Abs', 'ClipByValue', 'Cast', 'OneHot'],
  },
  'other numbers than 1 and 0 stay': {
    f: (x) => tf.cast(tf.oneHot(indices(x!), 3, 5, 2), 'float32'),
    inputs: [[4]],
    left: ['Abs', 'ClipByValue', 'Cast', 'OneHot', 'Cast'],
  },
});

const logSumExp = (x: Tensor) => {
  const shifted = tf.sub(x, tf.max(x, -1, true));
  return tf.log(tf.sum(tf.exp(shifted), -1));
};
describePass('share-softmax', {
  'a quotient of what log-sum-exp has': {
    f: (x) => tf.add(tf.softmax(x!), tf.expandDims(logSumExp(x!), -1)),
    inputs: [[3, 4]],
    left: ['Max', 'Sub', 'Exp', 'Sum', 'Reshape', 'RealDiv', 'Log', 'ExpandDims', 'Add'],
  },
  'of other logits it stays': {
    f: (x, y) => tf.add(tf.softmax(y!), tf.expandDims(logSumExp(x!), -1)),
    inputs: [
      [3, 4],
      [3, 4],
    ],
    left: ['Softmax', 'Max', 'Sub', 'Exp', 'Sum', 'Log', 'ExpandDims', 'Add'],
  },
});

describePass('merge-factors', {
  'a chain of factors': {
    f: (x) => tf.exp(tf.div(tf.neg(tf.mul(2, tf.mul(x!, 0.25))), 4)),
    inputs: [[3]],
    left: ['Multiply', 'Exp'],
  },
  'a chain that amounts to 1': { f: (x) => tf.exp(tf.mul(2, tf.mul(x!, 0.5))), inputs: [[3]], left: ['Exp'] },
  'a factor with another shape stays': {
    f: (x) => tf.mul(tf.fill([2, 3], 2), tf.mul(x!, 3)),
    inputs: [[3]],
    left: ['Multiply', 'Multiply'],
  },
});

describePass('absorb-bias', {
  'a row that is added to a product': {
    f: (a, b, c) => tf.exp(tf.add(tf.matMul(a!, b!), c!)),
    inputs: [[2, 3], [3, 4], [4]],
    left: ['BatchMatMul', 'Exp'],
  },
  'through two layers': {
    f: (a, b, c) => tf.add(c!, tf.matMul(tf.tanh(tf.add(tf.matMul(a!, b!), c!)), b!)),
    inputs: [[2, 3], [3, 3], [3]],
    left: ['BatchMatMul', 'Tanh', 'BatchMatMul'],
  },
  'a product that is read twice stays': {
    f: (a, b, c) => {
      const product = tf.matMul(a!, b!);
      return tf.mul(tf.add(product, c!), product);
    },
    inputs: [[2, 3], [3, 4], [4]],
    left: ['BatchMatMul', 'Add', 'Multiply'],
  },
  'a row that is added to a reshaped product': {
    f: (a, b, c) => tf.add(tf.reshape(tf.matMul(a!, b!), [2, 3, 4]), c!),
    inputs: [[6, 3], [3, 4], [4]],
    left: ['BatchMatMul', 'Reshape'],
  },
  'not where the last axis becomes another': {
    f: (a, b, c) => tf.add(tf.reshape(tf.matMul(a!, b!), [4, 6]), c!),
    inputs: [[6, 3], [3, 4], [6]],
    left: ['BatchMatMul', 'Reshape', 'Add'],
  },
  'a sum of products is a chain of them': {
    f: (a, b, c) => tf.add(tf.matMul(b!, a!), tf.add(tf.matMul(a!, b!), c!)),
    inputs: [
      [3, 3],
      [3, 3],
      [3, 3],
    ],
    left: ['BatchMatMul', 'BatchMatMul'],
  },
});

describe('choose-convolutions', () => {
  const forms = (channels: number, size: number, outputs: number) => {
    const graph = captured({
      f: (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'),
      inputs: [
        [2, 5, 5, channels],
        [size, size, channels, outputs],
      ],
      left: [],
    });
    return topologicalOrder(simplify(graph).outputs.values()).map(({ attributes }) => attributes['form']);
  };
  test('many channels, or a single tap: a product; else the runtime', () => {
    expect(forms(32, 3, 32)).toEqual(['product']);
    expect(forms(4, 1, 4)).toEqual(['product']);
    expect(forms(4, 3, 4)).toEqual(['convolution']);
  });
  test('from many channels to few: spread; and the way back is a product, with the patches of the gradient', () => {
    expect(forms(32, 3, 4)).toEqual(['spread']);
    expect(forms(4, 3, 32)).toEqual(['product']);
  });
});

describe('all passes', () => {
  test('have a test', () => {
    expect(passes.map(({ name }) => name).sort()).toEqual([
      'absorb-bias',
      'absorb-padding',
      'absorb-transposes',
      'apply-identities',
      'broadcast-tiles',
      'choose-convolutions',
      'drop-zeros',
      'fold-constants',
      'merge-factors',
      'merge-products',
      'read-activation',
      'read-filter-gradient',
      'remove-aliases',
      'repeat-rows-last',
      'scan-in-place',
      'share-common',
      'share-common',
      'share-row-scales',
      'share-softmax',
      'take-parts',
      'type-one-hot',
    ]);
  });

  test('drop what no output needs: there is no dead code to remove', () => {
    const graph = captured({
      f: (x) => {
        tf.exp(tf.sin(x!));
        return tf.neg(x!);
      },
      inputs: [[3]],
      left: [],
    });
    expect(kernelsOf(simplify(graph))).toEqual(['Neg']);
  });

  test('the gradient of a mean of squares needs no copies, no ones and one factor', () => {
    const gradient = tf.grad((x: Tensor) => tf.mean(tf.square(x)));
    const graph = simplify(captured({ f: (x) => gradient(x!), inputs: [[4, 3]], left: [] }));
    expect(kernelsOf(graph)).toEqual(['Multiply']);
  });

  test('the slope of a rectifier is constant to the gradient of a penalty on slopes', () => {
    const score = (x: Tensor, w: Tensor) => tf.sum(tf.relu(tf.matMul(x, w as tf.Tensor2D)));
    const penalty = (x: Tensor, w: Tensor) =>
      tf.add(tf.sum(tf.square(x)), tf.sum(tf.square(tf.grad((at: Tensor) => score(at, w))(x))));
    const f = (x?: Tensor, w?: Tensor) => tf.grad((at: Tensor) => penalty(at, w!))(x!);
    const inputs = [
      [3, 2],
      [2, 4],
    ];
    expect(kernelsOf(simplify(captured({ f, inputs, left: [] })))).toEqual(['Multiply']);
  });
});
