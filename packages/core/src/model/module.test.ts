import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { BaseModule, countParameters, isModule, trainable, type Module } from './module';

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
  ])('refuses %s', (_what, own) => {
    expect(() => new Tree({}, own)).toThrow(isArgumentError);
  });

  it('refuses a child under the name of a parameter', () => {
    const leaf = new Leaf();
    expect(() => new Tree({ a: leaf }, ['a'])).toThrow(/one new path segment, got "a"/);
    leaf.dispose();
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
