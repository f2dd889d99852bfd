import { asLayer, checkOptions, checkThat, formatShape } from '@dgm/core';
import type { CallOptions, ForwardResult, InverseResult, Layer, NetworkLike, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { BaseFlowLayer } from '../flow-layer';
import { noVolume, withContext } from '../internal/events';
import { record } from '../record';
import { addition, type BinaryOperation, integersFrom } from './integer-operations';

export interface IntegerCouplingOptions {
  /**
   * The lengths of the parts $x_1, ..., x_D$ of the last axis, a vector's elements or an image's channels: `[32, 32]`
   * is bipartite, `[16, 16, 16, 16]` is quadripartite.
   */
  readonly parts: readonly number[];
  /**
   * $f_d$ for each part: a network that maps the concatenated other parts, `[n, ..., size - part]`, and the context
   * if there is one, to one number per element of the part. With `undefined`, only $g_d$ changes the part.
   */
  readonly networks: readonly (NetworkLike | undefined)[];
  /** $g_d$ for each part but the first: networks that map the parts before it. None by default. */
  readonly outer?: readonly (NetworkLike | undefined)[];
  /** The operation $\circ$ of $f_d$. @defaultValue {@link addition} */
  readonly operation?: BinaryOperation;
  /** The operation $\triangleright$ of $g_d$. @defaultValue {@link addition} */
  readonly outerOperation?: BinaryOperation;
  /**
   * The axes before the last one: `[height, width]` for images.
   * @defaultValue none
   */
  readonly leadingShape?: Shape;
}

/**
 * The general invertible transformation of integers, with any number of parts:
 *
 * $$y_d = (g_d(y_{1:d-1}) \triangleright x_d) \circ f_d(y_{1:d-1}, x_{d+1:D})$$
 *
 * where the outputs of the networks are rounded, with the gradient of the identity. It is one-to-one on integers, so
 * `logDet` is 0, and its inverse is exact. y is the latent and x the data: the equation is the density
 * direction.
 *
 * @throws ArgumentError if there is not one network for each of at least two parts
 * @see DGM Proposition 3.1, Eq. 3.36-3.40; General Invertible Transformations (Tomczak, 2021)
 *
 * @example
 * ```ts
 * const layer = new IntegerCoupling({
 *   parts: [32, 32],
 *   networks: [mlp([32, 64, 32], { key: key.fold(0) }), mlp([32, 64, 32], { key: key.fold(1) })],
 * });
 * ```
 */
export class IntegerCoupling extends BaseFlowLayer {
  readonly eventShape: Shape;
  readonly #parts: readonly number[];
  readonly #inner: readonly (Layer | undefined)[];
  readonly #outer: readonly (Layer | undefined)[];
  readonly #operation: BinaryOperation;
  readonly #outerOperation: BinaryOperation;

  constructor({
    parts,
    networks,
    outer = [],
    operation = addition,
    outerOperation = addition,
    leadingShape = [],
    ...unknown
  }: IntegerCouplingOptions) {
    super();
    record(this, 'IntegerCoupling', arguments);
    checkOptions('IntegerCoupling', unknown, [
      'parts',
      'networks',
      'outer',
      'operation',
      'outerOperation',
      'leadingShape',
    ]);
    checkParts(parts, networks, outer);
    this.eventShape = [...leadingShape, parts.reduce((total, size) => total + size, 0)];
    this.#parts = parts;
    this.#operation = operation;
    this.#outerOperation = outerOperation;
    const adopt = (name: string, network: NetworkLike | undefined, part: number): Layer | undefined =>
      network === undefined ? undefined : this.child(`${name}${part}`, asLayer(network));
    this.#inner = networks.map((network, part) => adopt('f', network, part + 1));
    this.#outer = [undefined, ...outer].map((network, part) => adopt('g', network, part + 1));
  }

  /** Undoes the parts from the last to the first: the parts that each one depends on are known by then. */
  protected forward(z: Tensor, call: CallOptions): ForwardResult {
    const values = this.#split(z);
    for (let part = this.#parts.length - 1; part >= 0; part--) {
      const inner = this.#translation(this.#inner[part], values, { part, call });
      const before = inner === undefined ? values[part]! : this.#operation.undo(values[part]!, inner);
      const outer = this.#translation(this.#outer[part], values.slice(0, part), { part, call });
      values[part] = outer === undefined ? before : this.#outerOperation.undo(before, outer);
    }
    return { y: tf.concat(values, -1), logDet: noVolume(z) };
  }

  protected inverse(y: Tensor, call: CallOptions): InverseResult {
    const values = this.#split(y);
    this.#parts.forEach((_, part) => {
      const outer = this.#translation(this.#outer[part], values.slice(0, part), { part, call });
      const after = outer === undefined ? values[part]! : this.#outerOperation.apply(values[part]!, outer);
      const inner = this.#translation(this.#inner[part], values, { part, call });
      values[part] = inner === undefined ? after : this.#operation.apply(after, inner);
    });
    return { z: tf.concat(values, -1), logDet: noVolume(y) };
  }

  /**
   * A copy of the result of tf.split: the gradient tape keeps that array, and writing into it would make gradients
   * wrong.
   */
  #split(x: Tensor): Tensor[] {
    return [...tf.split(x, [...this.#parts], -1)];
  }

  /** The output of a part's network for all other parts, rounded to integers. */
  #translation(
    network: Layer | undefined,
    values: readonly Tensor[],
    { part, call }: { part: number; call: CallOptions },
  ): Tensor | undefined {
    if (network === undefined) return undefined;
    const others = values.filter((_, index) => index !== part);
    const output = network.apply(withContext(tf.concat(others, -1), call), call);
    const shape = [...others[0]!.shape.slice(0, -1), this.#parts[part]!];
    return integersFrom(output, shape, { where: 'IntegerCoupling', argument: `networks[${part}]` });
  }
}

function checkParts(parts: readonly number[], networks: readonly unknown[], outer: readonly unknown[]): void {
  const arePositive = parts.length >= 2 && parts.every((size) => Number.isInteger(size) && size >= 1);
  checkThat('IntegerCoupling', 'parts', arePositive, {
    expected: 'to be at least two positive integers',
    actual: formatShape(parts),
  });
  const fits = networks.length === parts.length && (outer.length === 0 || outer.length === parts.length - 1);
  checkThat('IntegerCoupling', networks.length === parts.length ? 'outer' : 'networks', fits, {
    expected:
      networks.length === parts.length
        ? `to have ${parts.length - 1} entries`
        : 'to have one entry for each part',
    actual: String(networks.length === parts.length ? outer.length : networks.length),
  });
}
