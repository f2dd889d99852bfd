import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** The tensors of a batch, which may be a tensor or nested arrays and records of tensors, in a stable order. */
export function leavesOf(tree: unknown): Tensor[] {
  if (tree instanceof tf.Tensor) return [tree];
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.values(tree).flatMap(leavesOf);
}

/** The same tree with its tensors replaced, in the order of `leavesOf`. */
export function withLeaves<B>(tree: B, leaves: readonly Tensor[]): B {
  const rest = [...leaves];
  const rebuild = (node: unknown): unknown => {
    if (node instanceof tf.Tensor) return rest.shift();
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(rebuild);
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, rebuild(child)]));
  };
  return rebuild(tree) as B;
}
