import { createNode, inputValue } from '../graph/graph';
import { writeModel } from '../onnx/write-model';
import type { ProcessorTraits } from '../passes/simplify';
import type { Device, Runtime } from './runtime';

/** No runtime has blocks of more channels. */
const CHANNELS = 64;

const known = new Map<string, Promise<number | undefined>>();

/** What the passes for a CPU have to know of the runtime. */
export async function processorTraits(runtime: Runtime, device: Device): Promise<ProcessorTraits> {
  return { channelBlock: device === 'cpu' ? await channelBlock(runtime) : undefined };
}

/**
 * How many channels the runtime's direct convolution takes at a time: 16 with AVX-512, 8 on older processors. The runtime does not say
 * so, but shows it by the order in which it puts the numbers of an image. None where it has no such convolution.
 */
export function channelBlock(runtime: Runtime): Promise<number | undefined> {
  const { name, version } = runtime;
  // The browser's runtime has none.
  if (name === 'onnxruntime-web') return Promise.resolve(undefined);
  const found = known.get(version) ?? measured(runtime).catch(() => undefined);
  known.set(version, found);
  return found;
}

async function measured(runtime: Runtime): Promise<number | undefined> {
  const shape = [1, 1, 2, CHANNELS];
  const x = inputValue('x', { shape, dtype: 'float32' });
  const y = createNode('Blocked', [x], { channelsLast: true }, [
    { shape: [1, CHANNELS, 1, 2], dtype: 'float32' },
  ]).outputs[0]!;
  const model = writeModel({ inputs: new Map([['x', x]]), outputs: new Map([['y', y]]) });
  const session = await runtime.createSession(model, { device: 'cpu', threads: 1 });
  try {
    const numbers = Float32Array.from({ length: 2 * CHANNELS }, (_, index) => index);
    const results = await session.run({ x: runtime.tensor(numbers, shape, 'float32') }, { 'out/y': null });
    // The second position of the first channel comes after a block of first positions.
    const block = (results['out/y']!.data as Float32Array).indexOf(CHANNELS);
    return block > 1 ? block : undefined;
  } finally {
    await session.release();
  }
}
