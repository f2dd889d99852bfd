import { expect, test } from 'vitest';
import { createNode, inputValue } from '../graph/graph';
import { writeModel } from '../onnx/write-model';
import { canLeaveOutCopies } from './leave-out-copies';
import { loadRuntime } from './load-runtime';
import type { Runtime, RuntimeSession } from './runtime';

const runtime = await loadRuntime();

/** A session whose runs end as given. */
const sessionOf = (run: RuntimeSession['run']): RuntimeSession => ({ run, release: () => Promise.resolve() });

test("Node's runtime fills the memory that it is given, and hands that out", async () => {
  expect(await canLeaveOutCopies(runtime)).toBe(true);
  const x = inputValue('x', { shape: [3], dtype: 'float32' });
  const sum = createNode('Sum', [x], { axis: [0], keepDims: false }, [{ shape: [], dtype: 'float32' }]);
  const isLarge = createNode('Greater', [x, sum.outputs[0]!], {}, [{ shape: [3], dtype: 'bool' }]);
  const outputs = new Map([
    ['sum', sum.outputs[0]!],
    ['isLarge', isLarge.outputs[0]!],
  ]);
  const model = writeModel({ inputs: new Map([['x', x]]), outputs }, { withoutCopies: true });
  const session = await runtime.createSession(model, { device: 'cpu', withoutCopies: true });
  const given = [new Float32Array(1), new Uint8Array(3)] as const;
  const fetches = {
    'out/sum': runtime.tensor(given[0], [], 'float32'),
    'out/isLarge': runtime.tensor(given[1], [3], 'bool'),
  };
  for (const numbers of [
    [1, -2, 3],
    [5, 6, 7],
  ]) {
    const results = await session.run(
      { x: runtime.tensor(Float32Array.from(numbers), [3], 'float32') },
      fetches,
    );
    const total = numbers.reduce((a, b) => a + b);
    expect(results['out/sum']).toBe(fetches['out/sum']);
    expect([...given[0]]).toEqual([total]);
    expect([...given[1]]).toEqual(numbers.map((number) => Number(number > total)));
  }
  await expect(session.run({}, fetches)).rejects.toThrow('x');
  await session.release();
});

test.each<readonly [string, Partial<Runtime>]>([
  ['that computes in a memory of its own', { fillsFetches: false }],
  ['that makes no such session', { createSession: () => Promise.reject(new Error('no such type')) }],
  [
    'that refuses before it has computed',
    {
      createSession: () =>
        Promise.resolve(sessionOf((_, fetches) => Promise.resolve(fetches as Record<string, never>))),
    },
  ],
  [
    'that hands out other memory',
    {
      createSession: () =>
        Promise.resolve(
          sessionOf(() =>
            Promise.resolve({ 'out/y': runtime.tensor(Float32Array.of(1, 2), [2], 'float32') }),
          ),
        ),
    },
  ],
])('not a runtime %s', async (what, other) => {
  expect(await canLeaveOutCopies({ ...runtime, version: what, ...other })).toBe(false);
});
