import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { constructionOf } from '../construction/construction';
import { Key } from '../random/key';
import { builderOf, disposeOnThrow, singleObjective } from './build';
import { BaseModule } from './module';

class Leaf extends BaseModule {
  readonly weight: Variable = this.parameter('weight', tf.ones([2]));
  readonly state: Variable = this.parameter('state', tf.zeros([1]), { trainable: false });
}

test('singleObjective: what can be trained minimizes the loss, and only its terms are left', () => {
  const leaf = new Leaf();
  const [objective, ...others] = singleObjective(leaf, {
    name: 'square',
    loss: (x: Tensor) => ({ total: tf.sum<Scalar>(tf.square(tf.mul(leaf.weight, x))) }),
  });
  expect(others).toEqual([]);
  expect(objective!.name).toBe('square');
  expect(objective!.parameters).toEqual([leaf.weight]);
  const x = tf.tensor1d([1, 2]);
  expectNoLeaks(() => {
    const { total } = objective!.loss(x, Key.of(0), { training: true });
    expect(total.dataSync()[0]).toBe(5);
    total.dispose();
  });
  tf.dispose(x);
  leaf.dispose();
});

test('disposeOnThrow frees what was made before the error, and nothing else', () => {
  const own = new Leaf();
  expectNoLeaks(() =>
    expect(() =>
      disposeOnThrow(() => {
        new Leaf();
        tf.ones([3]);
        throw new Error('broken');
      }),
    ).toThrow('broken'),
  );
  expect(own.weight.isDisposed).toBe(false);
  own.dispose();
});

test('disposeOnThrow hands on what is made without an error, constants of the model as well', () => {
  const { leaf, constant } = disposeOnThrow(() => ({ leaf: new Leaf(), constant: tf.ones([3]) }));
  expect([...constant.dataSync(), ...leaf.weight.dataSync()]).toEqual([1, 1, 1, 1, 1]);
  const inTidy = tf.tidy(() => {
    const made = disposeOnThrow(() => tf.ones([3]));
    expect(made.isDisposed).toBe(false);
    return { made: tf.add(made, 1), constant: disposeOnThrow(() => tf.zeros([1])) };
  });
  expect([...inTidy.made.dataSync(), ...inTidy.constant.dataSync()]).toEqual([2, 2, 2, 0]);
  tf.dispose([inTidy.made, inTidy.constant, constant]);
  leaf.dispose();
});

test('builderOf records what it makes, and frees what was made before an error', () => {
  const build = builderOf({ package: 'tiny-models', version: '1.0.0' });
  const leaf = build(() => new Leaf(), 'leaf', [3]);
  expect(constructionOf(leaf)).toEqual({ package: 'tiny-models', version: '1.0.0', name: 'leaf', args: [3] });
  leaf.dispose();
  expectNoLeaks(() =>
    expect(() =>
      build(
        () => {
          new Leaf();
          throw new Error('broken');
        },
        'leaf',
        [],
      ),
    ).toThrow('broken'),
  );
});
