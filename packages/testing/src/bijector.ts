import { sizeOf, type Bijector } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { ensure, ensureClose, ensureFinite, ensureThrows } from './assert';
import { automaticGradients, numericalGradients, type TensorFunction } from './gradients';
import { checkEmpty, ensureShape, withoutRows } from './empty-batch';
import { expectNoLeaks } from './leaks';
import { jacobians, logAbsDeterminant } from './linear-algebra';
import { quadratureRule } from './quadrature';
import { describeTable, oncePerCase, when, type CaseTable, type Checks } from './register';
import { flatten, rowsOf, tensorOf, type Numbers } from './tensors';
import { tolerances, type Tolerances } from './tolerances';

export interface BijectorCase {
  /** The bijector of these tensor parameters, which it borrows. */
  readonly make: (...parameters: Tensor[]) => Bijector;
  /** Values of the tensor parameters, by name, in the order of the arguments of `make`. */
  readonly parameters?: Readonly<Record<string, Numbers>>;
  /** Latent points, `[..., event]`, some near the edges of the domain. */
  readonly latent: Numbers;
  /** Data points, `[..., event]`. @defaultValue the images of the latent points */
  readonly data?: Numbers;
  /** Points so far out that only finite results (and logDet where given) are asked for. */
  readonly extremes?: readonly {
    readonly latent?: Numbers;
    readonly data?: Numbers;
    readonly logDet?: Numbers;
  }[];
  /** Whether gradients are compared with differences. @defaultValue true */
  readonly differentiable?: boolean;
  /** False where `inverse` throws an `UnsupportedError`. */
  readonly invertible?: boolean;
  /** A shape that must be refused as `z` and as `y`; by default one of rank `eventRank - 1`, if there is one. */
  readonly wrongShape?: readonly number[];
  readonly step?: number;
  readonly tolerance?: Partial<Tolerances>;
}

export type BijectorTable = CaseTable<BijectorCase>;

/** Largest errors of a bijector over its points, each relative to `max(1, |expected|)`; NaN where not applicable. */
export interface BijectorErrors {
  /** |inverse(forward(z)) - z| */
  readonly latentRoundTrip: number;
  /** |forward(inverse(y)) - y| */
  readonly dataRoundTrip: number;
  /** |logDet forward + logDet inverse| at the same pair of points */
  readonly antisymmetry: number;
  /** |logDet forward - log |det J||, J by automatic differentiation, for events of at most 5 elements */
  readonly jacobian: number;
  /** The same for the inverse */
  readonly inverseJacobian: number;
  /** |integral of the transformed density - its latent mass|, for scalar maps */
  readonly mass: number;
}

const LARGEST_JACOBIAN = 5;

/** Measures what {@link describeBijector} checks, once for each case, so that documentation can quote it. */
export const measureBijector = oncePerCase((the: BijectorCase): BijectorErrors =>
  withBijector(the, (bijector) => {
    const z = tensorOf(the.latent);
    const { y: image, logDet } = bijector.forwardAndLogDet(z);
    const dense = hasDenseJacobian(the);
    const jacobian = dense ? jacobianError(bijector, z, 'forward') : NaN;
    if (!isInvertible(the)) return { ...NOT_APPLICABLE, jacobian };
    const back = bijector.inverseAndLogDet(image);
    const y = the.data === undefined ? image : tensorOf(the.data);
    const pre = bijector.inverseAndLogDet(y);
    const again = bijector.forwardAndLogDet(pre.z);
    return {
      latentRoundTrip: largestError(back.z, z),
      dataRoundTrip: largestError(again.y, y),
      antisymmetry: Math.max(
        largestError(tf.neg(back.logDet), logDet),
        largestError(tf.neg(again.logDet), pre.logDet),
      ),
      jacobian,
      inverseJacobian: dense ? jacobianError(bijector, y, 'inverse') : NaN,
      mass: isScalarMap(the) ? massError(bijector, z) : NaN,
    };
  }),
);

const isInvertible = (the: BijectorCase): boolean => the.invertible !== false;
const hasDenseJacobian = (the: BijectorCase): boolean =>
  withBijector(the, (bijector) => sizeOf(eventShape(bijector, tensorOf(the.latent))) <= LARGEST_JACOBIAN);
/** Whether every element is mapped alike, so that points of an interval may be mapped in one go. */
const isScalarMap = (the: BijectorCase): boolean =>
  Object.values(the.parameters ?? {}).every((values) => flatten(values).length === 1) &&
  withBijector(the, ({ eventRank }) => eventRank === 0);
const hasWrongShape = (the: BijectorCase): boolean =>
  withBijector(the, (bijector) => wrongShape(the, bijector) !== undefined);

/** Every check of a bijector, by what it shows. Each throws when the bijector breaks it. */
export const bijectorChecks: Checks<BijectorCase> = {
  'undoes itself both ways': when(isInvertible, (the) => {
    const { latentRoundTrip, dataRoundTrip } = measureBijector(the);
    const { relative, absolute } = tolerances(the.tolerance).roundTrip;
    ensureBelow(latentRoundTrip, relative + absolute, 'inverse(forward(z)) - z');
    ensureBelow(dataRoundTrip, relative + absolute, 'forward(inverse(y)) - y');
  }),

  'has opposite log-determinants in its two directions': when(isInvertible, (the) => {
    const { relative, absolute } = tolerances(the.tolerance).logDet;
    ensureBelow(measureBijector(the).antisymmetry, relative + absolute, 'logDet forward + logDet inverse');
  }),

  'has the log-determinant of its Jacobian': when(hasDenseJacobian, (the) => {
    const { jacobian, inverseJacobian } = measureBijector(the);
    const { relative, absolute } = tolerances(the.tolerance).logDet;
    ensureBelow(jacobian, relative + absolute, 'logDet forward - log |det J|');
    if (isInvertible(the)) ensureBelow(inverseJacobian, relative + absolute, 'logDet inverse - log |det J|');
  }),

  'keeps the mass of a density': when(
    (the) => isInvertible(the) && isScalarMap(the),
    (the) => {
      const { relative, absolute } = tolerances(the.tolerance).mass;
      ensureBelow(measureBijector(the).mass, relative + absolute, 'transformed mass - latent mass');
    },
  ),

  'gives shapes [..., event] and [...]': (the) =>
    withBijector(the, (bijector) => {
      const z = tensorOf(the.latent);
      const { y, logDet } = bijector.forwardAndLogDet(z);
      const lead = y.shape.slice(0, y.rank - bijector.eventRank);
      ensure(
        String(logDet.shape) === String(lead),
        `logDet forward has shape [${logDet.shape}], expected [${lead}]`,
      );
      if (!isInvertible(the)) return;
      const back = bijector.inverseAndLogDet(y);
      ensure(
        String(back.logDet.shape) === String(lead),
        `logDet inverse has shape [${back.logDet.shape}], not [${lead}]`,
      );
    }),

  'takes an empty batch, or refuses it by name': when(
    (the) => withBijector(the, ({ eventRank }) => tensorOf(the.latent).rank > eventRank),
    (the) =>
      withBijector(the, (bijector) => {
        const z = tensorOf(the.latent);
        const { y, logDet } = bijector.forwardAndLogDet(z);
        checkEmpty(() => {
          const none = bijector.forwardAndLogDet(withoutRows(z));
          ensureShape(none.y.shape, [0, ...y.shape.slice(1)], 'y of an empty batch');
          ensureShape(none.logDet.shape, [0, ...logDet.shape.slice(1)], 'logDet of an empty batch');
        });
        if (!isInvertible(the)) return;
        checkEmpty(() => {
          const none = bijector.inverseAndLogDet(withoutRows(y));
          ensureShape(none.z.shape, [0, ...z.shape.slice(1)], 'z of an empty batch');
          ensureShape(none.logDet.shape, [0, ...logDet.shape.slice(1)], 'logDet of an empty batch');
        });
      }),
  ),

  'has the gradients that differences show': when(
    ({ differentiable }) => differentiable !== false,
    (the) => {
      const inputs = [the.latent, ...Object.values(the.parameters ?? {})];
      const names = ['z', ...Object.keys(the.parameters ?? {})];
      // Where it has no parameters one bijector serves all points: its weights may be many variables.
      const constant = names.length === 1 ? the.make() : undefined;
      const made: Bijector[] = constant === undefined ? [] : [constant];
      const bijectorOf = (parameters: Tensor[]): Bijector => {
        if (constant !== undefined) return constant;
        const bijector = the.make(...parameters);
        made.push(bijector);
        return bijector;
      };
      const f: TensorFunction = (z, ...parameters) => {
        const { y, logDet } = bijectorOf(parameters).forwardAndLogDet(z!);
        return tf.concat([tf.reshape(y, [-1]), tf.reshape(logDet, [-1])]);
      };
      try {
        const expected = numericalGradients(f, inputs, the.step);
        automaticGradients(f, inputs).forEach((gradient, index) =>
          ensureClose(
            gradient,
            expected[index]!,
            tolerances(the.tolerance).gradient,
            `gradient by ${names[index]}`,
          ),
        );
      } finally {
        made.forEach(disposeIfModule);
      }
    },
  ),

  'stays finite far out': when(
    ({ extremes = [] }) => extremes.length > 0,
    (the) =>
      withBijector(the, (bijector) => {
        for (const { latent, data, logDet: expected } of the.extremes!) {
          const { value, logDet } =
            latent !== undefined
              ? renamed(bijector.forwardAndLogDet(tensorOf(latent)))
              : renamed(bijector.inverseAndLogDet(tensorOf(data!)));
          const at = JSON.stringify(latent ?? data);
          ensureFinite(value.dataSync(), `value at ${at}`);
          ensureFinite(logDet.dataSync(), `logDet at ${at}`);
          if (expected === undefined) continue;
          const tolerance = tolerances(the.tolerance).logDet;
          ensureClose(logDet.dataSync(), flatten(expected), tolerance, `logDet at ${at}`);
        }
      }),
  ),

  'refuses a wrong shape': when(hasWrongShape, (the) =>
    withBijector(the, (bijector) => {
      const shape = wrongShape(the, bijector)!;
      const x = tf.zeros(shape);
      expectNoLeaks(() => {
        ensureThrows(() => bijector.forwardAndLogDet(x), 'shape', `forwardAndLogDet of [${shape}]`);
        if (!isInvertible(the)) return;
        ensureThrows(() => bijector.inverseAndLogDet(x), 'shape', `inverseAndLogDet of [${shape}]`);
      }, 'the refusal');
    }),
  ),

  'frees what it makes and keeps what it borrows': (the) => {
    const parameters = Object.values(the.parameters ?? {}).map(tensorOf);
    const z = tensorOf(the.latent);
    expectNoLeaks(() => {
      const bijector = the.make(...parameters);
      const { y, logDet } = bijector.forwardAndLogDet(z);
      if (isInvertible(the)) {
        expectNoLeaks(() => tf.dispose(Object.values(bijector.inverseAndLogDet(y))), 'inverseAndLogDet');
      }
      ensure(!y.isDisposed && !z.isDisposed, 'the bijector disposed of its argument');
      tf.dispose([y, logDet]);
      disposeIfModule(bijector);
    }, 'the bijector');
    ensure(
      [z, ...parameters].every((tensor) => !tensor.isDisposed),
      'the bijector disposed of what it borrows',
    );
    tf.dispose([z, ...parameters]);
  },
};

/** Registers the checks of every bijector of the table. */
export function describeBijector(table: BijectorTable): void {
  describeTable(table, bijectorChecks);
}

const NOT_APPLICABLE: BijectorErrors = {
  latentRoundTrip: NaN,
  dataRoundTrip: NaN,
  antisymmetry: NaN,
  jacobian: NaN,
  inverseJacobian: NaN,
  mass: NaN,
};

function withBijector<T>(the: BijectorCase, use: (bijector: Bijector) => T): T {
  const parameters = Object.values(the.parameters ?? {}).map(tensorOf);
  const bijector = the.make(...parameters);
  try {
    let result!: T;
    tf.tidy(() => {
      result = use(bijector);
    });
    return result;
  } finally {
    disposeIfModule(bijector);
    tf.dispose(parameters);
  }
}

/** A bijector with weights is a module; the kit made it, so the kit frees it. */
function disposeIfModule(bijector: Bijector): void {
  if ('dispose' in bijector) (bijector as Bijector & { dispose(): void }).dispose();
}

function renamed(result: { y: Tensor; logDet: Tensor } | { z: Tensor; logDet: Tensor }): {
  value: Tensor;
  logDet: Tensor;
} {
  return { value: 'y' in result ? result.y : result.z, logDet: result.logDet };
}

/** A shape that cannot be meant; a map of numbers takes them all unless the case knows better. */
function wrongShape(the: BijectorCase, { eventRank }: Bijector): number[] | undefined {
  if (the.wrongShape !== undefined) return [...the.wrongShape];
  return eventRank > 0 ? Array.from({ length: eventRank - 1 }, () => 2) : undefined;
}

function eventShape(bijector: Bijector, x: Tensor): number[] {
  return x.shape.slice(x.rank - bijector.eventRank);
}

function ensureBelow(error: number, limit: number, what: string): void {
  ensure(error <= limit, `${what}: largest error ${error}, allowed ${limit}`);
}

function largestError(actual: Tensor, expected: Tensor): number {
  const wanted = expected.dataSync();
  return Array.from(actual.dataSync()).reduce((largest, value, index) => {
    const error = Math.abs(value - wanted[index]!) / Math.max(1, Math.abs(wanted[index]!));
    return Math.max(largest, Number.isNaN(error) ? Infinity : error);
  }, 0);
}

function jacobianError(bijector: Bijector, x: Tensor, way: 'forward' | 'inverse'): number {
  const apply = (input: Tensor): { value: Tensor; logDet: Tensor } =>
    renamed(way === 'forward' ? bijector.forwardAndLogDet(input) : bijector.inverseAndLogDet(input));
  const size = sizeOf(eventShape(bijector, x));
  const expected = jacobians((input) => apply(input).value, x, size).map(logAbsDeterminant);
  return largestError(apply(x).logDet, tf.tensor(expected));
}

/** A standard normal between the outermost points, against its image between their images. */
function massError(bijector: Bijector, z: Tensor): number {
  const latent = rowsOf(Array.from(z.dataSync()), 1).flat();
  const ends = [Math.max(-6, Math.min(...latent)), Math.min(6, Math.max(...latent))];
  const images = Array.from(bijector.forwardAndLogDet(tf.tensor1d(ends)).y.dataSync());
  const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  const latentRule = quadratureRule({ from: ends[0]!, to: ends[1]! });
  const expected = latentRule.points.reduce(
    (sum, x, index) => sum + latentRule.weights[index]! * density(x),
    0,
  );
  const rule = quadratureRule({ from: Math.min(...images), to: Math.max(...images) });
  const { z: pre, logDet } = bijector.inverseAndLogDet(tf.tensor1d(rule.points as number[]));
  const [where, slopes] = [pre.dataSync(), logDet.dataSync()];
  const actual = rule.weights.reduce(
    (sum, weight, i) => sum + weight * density(where[i]!) * Math.exp(slopes[i]!),
    0,
  );
  return Math.abs(actual - expected);
}
