import { inspect } from 'node:util';
import {
  ActivationLayer,
  Dense,
  Key,
  outputShapes,
  Residual,
  Sequential,
  spectralNorm,
  standardNormal,
} from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { BaseModule, countParameters, isModule, summary, trainable, type Module } from './module';

class Leaf extends BaseModule {
  readonly weight: Variable;

  constructor() {
    super();
    this.weight = this.parameter('weight', tf.ones([2, 3]));
    this.parameter('count', tf.scalar(0), { trainable: false });
  }
}

class Tree extends BaseModule {
  constructor(children: Readonly<Record<string, Module>>, own: readonly string[] = []) {
    super();
    for (const name of own) this.parameter(name, tf.zeros([4]));
    for (const [name, child] of Object.entries(children)) this.child(name, child);
  }
}

const isArgumentError = expect.toSatisfy((error) => DgmError.is(error, 'argument'));

describe('BaseModule', () => {
  it('collects variables under paths, in the order in which they were made', () => {
    const tree = new Tree({ encoder: new Tree({ 0: new Leaf() }), decoder: new Leaf() }, ['scale']);
    const paths = ['scale', 'encoder/0/weight', 'encoder/0/count', 'decoder/weight', 'decoder/count'];
    expect([...tree.parameters().keys()]).toEqual(paths);
    expect([...trainable(tree).keys()]).toEqual(['scale', 'encoder/0/weight', 'decoder/weight']);
    tree.dispose();
  });

  it('takes over the initial value', () => {
    const initial = tf.ones([2]);
    class Owner extends BaseModule {
      readonly own = this.parameter('own', initial);
    }
    const owner = new Owner();
    expect(initial.isDisposed).toBe(true);
    expect(owner.own.dataSync()).toEqual(new Float32Array([1, 1]));
    owner.dispose();
  });

  it('frees all its variables, once', () => {
    expectNoLeaks(() => {
      const tree = new Tree({ a: new Leaf(), b: new Tree({ c: new Leaf() }) }, ['own']);
      tree.dispose();
      tree.dispose();
    });
  });

  it('shows a child that is shared under each of its paths, counts it once and frees it once', () => {
    expectNoLeaks(() => {
      const shared = new Leaf();
      const tree = new Tree({ left: shared, right: shared });
      expect([...trainable(tree).keys()]).toEqual(['left/weight', 'right/weight']);
      expect(countParameters(tree)).toBe(6);
      tree.dispose();
    });
  });

  it('lets two instances live side by side', () => {
    const [first, second] = [new Leaf(), new Leaf()];
    first.dispose();
    expect(second.weight.isDisposed).toBe(false);
    second.dispose();
  });

  it.each([
    ['an empty name', [''], {}],
    ['a name that is a path', ['a/b'], {}],
    ['a name twice', ['a', 'a'], {}],
    ['a name that files reserve', ['__metadata__'], {}],
  ])('refuses %s', (_what, own) => {
    expect(() => new Tree({}, own)).toThrow(isArgumentError);
  });

  it('refuses a child under the name of a parameter', () => {
    const leaf = new Leaf();
    expect(() => new Tree({ a: leaf }, ['a'])).toThrow(/one new path segment, got "a"/);
    leaf.dispose();
  });

  it('says that it was disposed of to every op that is still given its variables', () => {
    const leaf = new Leaf();
    const [variable] = leaf.parameters().values();
    leaf.dispose();
    leaf.dispose();
    const use = () => tf.add(variable!, 1);
    expect(use).toThrow(/^Leaf: expected the model to be alive, got one that was disposed of/);
    expect(use).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'state')));
  });

  it('leaves nothing behind of a parameter that it refuses', () => {
    class Refused extends BaseModule {
      constructor() {
        super();
        this.parameter('a/b', tf.zeros([1]));
      }
    }
    expectNoLeaks(() => expect(() => new Refused()).toThrow(isArgumentError));
  });
});

describe('isModule', () => {
  it('tells what owns variables from what does not', () => {
    const leaf = new Leaf();
    expect([isModule(leaf), isModule({ parameters: 3 }), isModule({})]).toEqual([true, false, false]);
    leaf.dispose();
  });
});

describe('countParameters', () => {
  it('counts learned scalars only', () => {
    const leaf = new Leaf();
    expect(countParameters(leaf)).toBe(6);
    leaf.dispose();
  });
});

describe('a module, a distribution and a key that are printed', () => {
  it('show what they are', () => {
    const layer = new Sequential([
      new Dense({ inputs: 3, outputs: 4, key: Key.of(0), weight: spectralNorm() }),
      new Residual({ body: new Sequential([new ActivationLayer('tanh')]) }),
      new Dense({ inputs: 4, outputs: 1, bias: false, key: Key.of(1) }),
    ]);
    const x = tf.zeros([2, 3]);
    const outputs = outputShapes(() => layer.apply(x));
    const text = summary(layer, { outputs });
    expect(text.split('\n').map((line) => line.split(/ {2,}(?=\S)/))).toEqual([
      ['Sequential', '-> [2, 1]', '27'],
      ['├─ 0: Dense', '-> [2, 4]', 'bias [4]', '23'],
      ['│', '└─ kernel: SpectralWeight', 'raw [3, 4], u [4, 1] fixed, v [3, 1] fixed', '19'],
      ['├─ 1: Residual', '-> [2, 4]', '0'],
      ['│', '└─ body: Sequential', '-> [2, 4]', '0'],
      ['│', '└─ 0: ActivationLayer', '-> [2, 4]', '0'],
      ['└─ 2: Dense', '-> [2, 1]', 'kernel [4, 1]', '4'],
      ['27 parameters, 20 trainable'],
    ]);
    const columns = text.split('\n').slice(0, -1);
    expect(new Set(columns.map((line) => line.length)).size).toBe(1);
    expect(summary(layer, { depth: 0 })).toBe('Sequential  27\n27 parameters, 20 trainable');
    expect(inspect(layer)).toBe(summary(layer));
    expect(String(layer)).toBe('Sequential, 20 parameters');
    x.dispose();
    layer.dispose();

    expect(inspect(Key.of(1))).toBe('Key(0000000100000000)');
    expect(`${Key.of(0).traced(() => tf.scalar(0))}`).toBe('Key(0000000000000000, traced)');
    const normal = standardNormal([3]);
    expect(inspect(normal)).toBe('Independent, batchShape [], eventShape [3]');
  });

  it('show the shapes of a model, and the variables of a module that is none of ours', () => {
    const variable = tf.variable(tf.ones([2, 2]));
    const parameters = () => new Map([['a/b', variable]]);
    const model = { eventShape: [2], contextSize: 3, parameters, dispose: () => variable.dispose() };
    expect(summary(model)).toBe(
      'Object, eventShape [2], contextSize 3  a/b [2, 2]  4\n4 parameters, all trainable',
    );
    model.dispose();
  });
});
