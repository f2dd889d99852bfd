import { inputValue } from '../graph/graph';
import { NO_COPIES, writeModel } from '../onnx/write-model';
import { messageOf } from './message';
import type { Runtime, RuntimeSession } from './runtime';

/** What Node's binding says of an output that is no tensor, after the run. */
const NO_TENSOR = 'Non tensor type';

/**
 * A session that fetches into the memory that it is given and hands that out.
 *
 * Node's binding of ONNX Runtime copies each output into new memory, though it has computed it in the memory that it was given: for a VAE
 * with 0.4 million parameters that is a tenth of a training step. It does so one output after the other when all are computed, and gives
 * up at the first that is no tensor. So the model has such an output before all others: the run ends in that error, and nothing is copied.
 */
export function leavingOutCopies(session: RuntimeSession): RuntimeSession {
  return {
    run: async (feeds, fetches) => {
      try {
        return await session.run(feeds, { [NO_COPIES]: null, ...fetches });
      } catch (error) {
        if (!messageOf(error).includes(NO_TENSOR)) throw error;
        return { ...(fetches as Record<string, NonNullable<(typeof fetches)[string]>>) };
      }
    },
    release: () => session.release(),
  };
}

const known = new Map<string, Promise<boolean>>();

/** Whether a runtime fills the memory that it is given before it finds an output that it cannot hand out. */
export function canLeaveOutCopies(runtime: Runtime): Promise<boolean> {
  const { name, version, fillsFetches } = runtime;
  if (!fillsFetches) return Promise.resolve(false);
  const id = `${name} ${version}`;
  const found = known.get(id) ?? fills(runtime).catch(() => false);
  known.set(id, found);
  return found;
}

async function fills(runtime: Runtime): Promise<boolean> {
  const x = inputValue('x', { shape: [2], dtype: 'float32' });
  const model = writeModel(
    { inputs: new Map([['x', x]]), outputs: new Map([['y', x]]) },
    { withoutCopies: true },
  );
  const session = await runtime.createSession(model, { device: 'cpu', threads: 1, withoutCopies: true });
  try {
    const given = new Float32Array(2);
    const y = runtime.tensor(given, [2], 'float32');
    const results = await session.run(
      { x: runtime.tensor(Float32Array.of(1, 2), [2], 'float32') },
      { 'out/y': y },
    );
    return results['out/y'] === y && given[0] === 1 && given[1] === 2;
  } finally {
    await session.release();
  }
}
