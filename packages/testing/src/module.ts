import { Key, trainable, type Module } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { ensure } from './assert';

/** What holds for everything that owns variables: the checks that layers and models share. */
export function checkModule(make: (key: Key) => Module): void {
  const before = tf.memory().numTensors;
  const [first, second] = [make(Key.of(0)), make(Key.of(0))];
  const [paths, again] = [[...first.parameters().keys()], [...second.parameters().keys()]];
  ensure(String(paths) === String(again), `two instances have different paths: ${paths} and ${again}`);
  const variables = new Set(first.parameters().values());
  ensure(
    [...second.parameters().values()].every((variable) => !variables.has(variable)),
    'two instances share a variable',
  );
  ensureSameWeights(first, second, 'two instances of one key');
  second.dispose();
  second.dispose();
  ensure(
    [...first.parameters().values()].every((variable) => !variable.isDisposed),
    'disposing of one instance disposed of variables of another',
  );
  first.dispose();
  const left = tf.memory().numTensors - before;
  ensure(left === 0, `after dispose() ${left} tensors are left`);
}

/** Throws unless the weights of two modules are bit-equal, path by path. */
export function ensureSameWeights(a: Module, b: Module, what: string): void {
  const others = b.parameters();
  for (const [path, variable] of a.parameters()) {
    const other = others.get(path);
    ensure(other !== undefined, `${what}: only one has ${path}`);
    ensure(sameBits(variable.dataSync(), other.dataSync()), `${what}: ${path} differs`);
  }
  ensure(others.size === a.parameters().size, `${what}: the numbers of paths differ`);
}

/** Throws unless each trainable variable, but for the given paths, has a gradient, finite and not all zero. */
export function ensureEveryGradient(
  module: Module,
  gradients: Readonly<Record<string, tf.Tensor>>,
  but: readonly string[] = [],
): void {
  for (const [path, variable] of trainable(module)) {
    if (but.includes(path)) continue;
    const gradient = gradients[variable.name];
    ensure(gradient !== undefined && gradient !== null, `parameter ${path} gets no gradient`);
    const values = gradient.dataSync();
    ensure(values.every(Number.isFinite), `the gradient of parameter ${path} is not finite`);
    ensure(
      values.some((value) => value !== 0),
      `the gradient of parameter ${path} is zero`,
    );
  }
}

export function sameBits(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, index) => Object.is(value, b[index]));
}
