import { Key, loadWeights, saveWeights, trainable, type CallOptions, type Layer } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureThrows } from './assert';
import { automaticGradients, connect, numericalDerivative, numericalGradients, STEP } from './gradients';
import { checkEmpty, ensureShape, withoutRows } from './empty-batch';
import { expectNoLeaks } from './leaks';
import { checkModule, ensureEveryGradient, ensureSameWeights, sameBits } from './module';
import { describeTable, when, type CaseTable, type Checks } from './register';
import { direction, tensorOf, type Numbers } from './tensors';
import { tolerances, type Tolerances } from './tolerances';

export interface LayerCase {
  readonly make: (key: Key) => Layer;
  /** An input: nested numbers (float32), or a tensor made by a function, whose owner is the kit. */
  readonly input: Numbers | (() => Tensor);
  /** Passed on with every call. */
  readonly call?: CallOptions;
  readonly outputShape?: readonly number[];
  /** Shapes that the layer must refuse. */
  readonly wrongShapes?: readonly (readonly number[])[];
  /** Whether the gradient by the input is compared with differences, for nested numbers. @defaultValue true */
  readonly inputGradient?: boolean;
  /** Whether gradients by the weights are compared with differences. @defaultValue true */
  readonly weightGradient?: boolean;
  /**
   * Whether the derivatives of a gradient penalty, by the input and by the weights, are compared with differences, for
   * nested numbers: they are second derivatives of the layer. @defaultValue `inputGradient`
   */
  readonly secondOrder?: boolean;
  /** Weights that get no gradient at the start by design (a zero-initialized gate), by path. */
  readonly zeroGradient?: readonly string[];
  readonly step?: number;
  readonly tolerance?: Partial<Tolerances>;
}

export type LayerTable = CaseTable<LayerCase>;

/** Every check of a layer, by what it shows. Each throws when the layer breaks it. */
export const layerChecks: Checks<LayerCase> = {
  'owns its variables under stable paths': (the) => checkModule(the.make),

  'gives the promised shape, the same each time': (the) =>
    withLayer(the, (layer, input) => {
      const [first, second] = [layer.apply(input, the.call), layer.apply(input, the.call)];
      ensure(sameBits(first.dataSync(), second.dataSync()), 'two calls with one input and one key differ');
      if (the.outputShape === undefined) return;
      ensure(
        String(first.shape) === String(the.outputShape),
        `output has shape [${first.shape}], expected [${the.outputShape}]`,
      );
    }),

  'takes an empty batch, or refuses it by name': (the) =>
    withLayer(the, (layer, input) => {
      const whole = layer.apply(input, the.call);
      checkEmpty(() => {
        const { context } = the.call ?? {};
        const none = layer.apply(withoutRows(input), {
          ...the.call,
          ...(context && { context: withoutRows(context) }),
        });
        ensureShape(none.shape, [0, ...whole.shape.slice(1)], 'output of an empty batch');
      });
    }),

  'gives every parameter a gradient': when(
    (the) => learned(the).length > 0,
    (the) =>
      withLayer(the, (layer, input) => {
        const { grads } = weightGradients(layer, () => projected(layer.apply(input, the.call)));
        ensureEveryGradient(layer, grads, the.zeroGradient);
      }),
  ),

  'has the gradient by its weights that differences show': when(
    (the) => the.weightGradient !== false && learned(the).length > 0,
    (the) =>
      withLayer(the, (layer, input) => {
        const { grads } = weightGradients(layer, () => projected(layer.apply(input, the.call)));
        for (const [path, variable] of trainable(layer)) {
          const way = tf.tensor(direction(variable.size, path), variable.shape);
          const start = tf.clone(variable);
          const gradient = grads[variable.name];
          const actual = gradient ? tf.sum(tf.mul(gradient, way)).dataSync()[0]! : 0;
          const at = (offset: number): number => {
            variable.assign(tf.add(start, tf.mul(way, offset)));
            return dotInDoubles(layer.apply(input, the.call));
          };
          const h = (the.step ?? STEP) / 4;
          const expected = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
          variable.assign(start);
          ensureClose([actual], [expected], tolerances(the.tolerance).gradient, `derivative along ${path}`);
        }
      }),
  ),

  'has the gradient by its input that differences show': when(
    ({ input, inputGradient }) => typeof input !== 'function' && inputGradient !== false,
    (the) =>
      withLayer(the, (layer) => {
        const f = (x: Tensor): Tensor => layer.apply(x, the.call);
        const numbers = the.input as Numbers;
        const [actual] = automaticGradients((x) => f(x!), [numbers]);
        const [expected] = numericalGradients((x) => f(x!), [numbers], the.step);
        ensureClose(actual!, expected!, tolerances(the.tolerance).gradient, 'gradient by the input');
      }),
  ),

  'has the second derivatives that differences show': when(
    ({ input, inputGradient, secondOrder = inputGradient }) =>
      typeof input !== 'function' && secondOrder !== false,
    (the) =>
      withLayer(the, (layer, input) => {
        const penalty = (x: Tensor): tf.Scalar =>
          tf.sum(tf.square(tf.grad((x: Tensor) => connect(projected(layer.apply(x, the.call)), x))(x)));
        const { secondOrder } = tolerances(the.tolerance);
        const compare = (actual: number, at: (offset: number) => number, what: string): void =>
          ensureClose(
            [actual],
            [numericalDerivative(at, (the.step ?? STEP) / 4)],
            secondOrder,
            `derivative of a gradient penalty by ${what}`,
          );

        const way = tf.tensor(direction(input.size), input.shape);
        const byInput = tf.grad((x: Tensor) => connect(penalty(x), x))(input);
        const moved = (offset: number): Tensor => tf.add(input, tf.mul(way, offset));
        compare(dot(byInput, way), (offset) => squaredLength(moved(offset), layer, the.call), 'the input');

        // All weights at once: a derivative for each would take as many evaluations again.
        const weights = [...trainable(layer)].map(([path, variable]) => ({
          variable,
          start: tf.clone(variable),
          way: tf.tensor(direction(variable.size, path), variable.shape),
        }));
        if (weights.length === 0) return;
        const variables = weights.map(({ variable }) => variable);
        const { grads } = tf.variableGrads(
          () => variables.reduce<tf.Scalar>(connect, penalty(input)),
          variables,
        );
        const byWeights = weights.reduce(
          (sum, { variable, way }) => sum + dot(grads[variable.name]!, way),
          0,
        );
        const length = Math.sqrt(weights.length);
        const at = (offset: number): number => {
          for (const { variable, start, way } of weights)
            variable.assign(tf.add(start, tf.mul(way, offset / length)));
          return squaredLength(input, layer, the.call);
        };
        compare(byWeights / length, at, 'the weights');
      }),
  ),

  'is its weights and nothing else: saved and loaded it gives the same bits': async (the) => {
    const [layer, other] = [the.make(Key.of(0)), the.make(Key.of(1))];
    try {
      loadWeights(other, await saveWeights(layer));
      ensureSameWeights(layer, other, 'saved and loaded');
      tf.tidy(() => {
        const input = inputOf(the);
        const [a, b] = [layer, other].map((each) => each.apply(input, the.call).dataSync());
        ensure(sameBits(a!, b!), 'a layer with the same weights gives another output');
      });
    } finally {
      layer.dispose();
      other.dispose();
    }
  },

  'refuses a wrong shape': when(
    ({ wrongShapes = [] }) => wrongShapes.length > 0,
    (the) =>
      withLayer(the, (layer) => {
        for (const shape of the.wrongShapes!) {
          const x = tf.zeros([...shape]);
          expectNoLeaks(
            () => ensureThrows(() => layer.apply(x, the.call), 'shape', `apply to [${shape}]`),
            'the refusal',
          );
        }
      }),
  ),

  'frees what it makes and keeps what it borrows': (the) =>
    withLayer(the, (layer, input) => {
      layer.apply(input, the.call).dispose(); // whatever is initialized by data now exists
      expectNoLeaks(() => layer.apply(input, the.call).dispose(), 'apply');
      ensure(!input.isDisposed, 'the layer disposed of its input');
    }),
};

/** Registers the checks of every layer of the table. */
export function describeLayer(table: LayerTable): void {
  describeTable(table, layerChecks);
}

function withLayer(the: LayerCase, use: (layer: Layer, input: Tensor) => void): void {
  const layer = the.make(Key.of(0));
  try {
    tf.tidy(() => use(layer, inputOf(the)));
  } finally {
    layer.dispose();
  }
}

/** The paths of the weights that should get a gradient from the start. */
function learned({ make, zeroGradient = [] }: LayerCase): string[] {
  const layer = make(Key.of(0));
  const paths = [...trainable(layer).keys()].filter((path) => !zeroGradient.includes(path));
  layer.dispose();
  return paths;
}

function inputOf({ input }: LayerCase): Tensor {
  return typeof input === 'function' ? input() : tensorOf(input);
}

function weightGradients(layer: Layer, loss: () => tf.Scalar): ReturnType<typeof tf.variableGrads> {
  return tf.variableGrads(loss, [...new Set(trainable(layer).values())]);
}

function projected(y: Tensor): tf.Scalar {
  return tf.sum(tf.mul(y, tf.tensor(direction(y.size), y.shape))) as tf.Scalar;
}

/** The squared length of the gradient of the projected output by the input. */
function squaredLength(x: Tensor, layer: Layer, call: CallOptions | undefined): number {
  const gradient = tf.grad((x: Tensor) => connect(projected(layer.apply(x, call)), x))(x);
  return dot(gradient, gradient);
}

/** An inner product in doubles. */
function dot(a: Tensor, b: Tensor): number {
  const [u, v] = [Array.from(a.dataSync()), b.dataSync()];
  return u.reduce((sum, value, index) => sum + value * v[index]!, 0);
}

function dotInDoubles(y: Tensor): number {
  const weights = direction(y.size);
  return Array.from(y.dataSync()).reduce((sum, value, index) => sum + value * weights[index]!, 0);
}
