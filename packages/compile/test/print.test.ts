import { inspect } from 'node:util';
import { Dense, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { capture, compile, printGraph, topologicalOrder } from '../src/index';

test('a captured function prints as a program', async () => {
  const layer = new Dense({ inputs: 3, outputs: 1, key: Key.of(0) });
  const { graph } = capture(
    ({ tensors, key }) => ({
      y: tf.relu(tf.add(layer.apply(tensors['x']!), tf.mul(2, key.normal([2, 1])))),
    }),
    { x: { shape: [2, 3] } },
  );
  const lines = printGraph(graph).split('\n');
  expect(lines).toHaveLength(topologicalOrder(graph.outputs.values()).length + 3);
  expect(lines[0]).toContain('x: float32[2, 3]');
  expect(lines.at(-2)).toMatch(/^ {2}return \{ y: %\d+ \}$/);
  const program = lines.join('\n');
  expect(program).toMatch(/%\d+ = Relu\(%\d+\) {2}\/\/ float32\[2, 1\]/);
  expect(program).toMatch(/Multiply\(2, draw\/0\)|Multiply\(draw\/0, 2\)/);
  // Every result is made before it is read.
  const seen = new Set<string>();
  for (const line of lines.slice(1, -1)) {
    const [left, right = line] = line.includes(' = ') ? line.split(' = ') : [];
    for (const [name] of right.matchAll(/%\d+/g)) expect(seen).toContain(name);
    for (const [name] of (left ?? '').matchAll(/%\d+/g)) seen.add(name);
  }

  const compiled = await compile(({ tensors }) => ({ y: tf.square(tensors['x']!) }), { x: { shape: [2] } });
  expect(String(compiled)).toContain('Square(x)');
  expect(inspect(compiled)).toBe(String(compiled));
  compiled.dispose();
  layer.dispose();
});
