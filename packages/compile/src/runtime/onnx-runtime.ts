import { EngineError, sizeOf } from '@dgm/core';
import { dataOf } from '../graph/graph';
import type { Data } from '../graph/graph';
import { freeAtOnce } from './free-at-once';
import { leavingOutCopies } from './leave-out-copies';
import { messageOf } from './message';
import { missingDevice } from './missing-device';
import { probeModel } from './probe';
import { DEVICES } from './runtime';
import type { Device, Runtime, RuntimeSession, RuntimeTensor, SessionOptions } from './runtime';

/**
 * The module of ONNX Runtime: what `import * as ort from 'onnxruntime-node'` or `'onnxruntime-web'` gives. Structural, so
 * that neither package has to be there for the types.
 */
export interface OnnxRuntime {
  readonly env: {
    readonly versions: { readonly common: string; readonly node?: string; readonly web?: string };
  };
  readonly Tensor: new (...args: never[]) => unknown;
  readonly InferenceSession: { readonly create: (...args: never[]) => Promise<unknown> };
  /** Only the package for Node has this. */
  readonly listSupportedBackends?: () => readonly { readonly name: string }[];
}

/** The same module as this package calls it. */
interface OrtModule {
  readonly Tensor: new (type: string, data: Data, dims: readonly number[]) => RuntimeTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<RuntimeSession> };
}

/** ONNX Runtime behind the interface that the engines use. */
export function runtimeOf(module: OnnxRuntime): Runtime {
  const { Tensor, InferenceSession } = module as unknown as OrtModule;
  const { versions } = module.env;
  const listed = module.listSupportedBackends?.().map(({ name }) => name);
  const identity = {
    name: listed === undefined ? 'onnxruntime-web' : 'onnxruntime-node',
    version: versions.node ?? versions.web ?? versions.common,
    devices: (listed ?? ['cpu', 'webgpu']).filter(isDevice),
  } as const;
  return {
    ...identity,
    // The browser's runtime computes in a memory of its own.
    fillsFetches: listed !== undefined,
    tensor: (data, shape, dtype) => {
      if (data.length !== sizeOf(shape))
        throw new RangeError(`${data.length} values do not fill ${shape.join('x')}.`);
      return new Tensor(dtype, dataOf(data, dtype), shape);
    },
    createSession: async (model, options) => {
      const { device } = options;
      if (!identity.devices.includes(device)) throw missingDevice(identity, device, 'not built for it');
      const provider = device === 'cpu' && listed === undefined ? 'wasm' : device;
      const create = (bytes: Uint8Array, given: SessionOptions) =>
        InferenceSession.create(bytes, sessionOptions(provider, given));
      try {
        const session = await create(model, options);
        const silent = options.withoutCopies === true ? leavingOutCopies(session) : session;
        return explaining(silent, `${identity.name} on ${device}`);
      } catch (cause) {
        // Either the graph is at fault or the device: one that runs nothing at all is missing.
        const probe = await create(probeModel(), { device }).catch(() => undefined);
        await probe?.release();
        throw probe === undefined
          ? missingDevice(identity, device, messageOf(cause), cause)
          : unusable(`a session of ${identity.name} on ${device}`, cause);
      }
    },
  };
}

function isDevice(name: string): name is Device {
  return (DEVICES as readonly string[]).includes(name);
}

function sessionOptions(
  provider: string,
  { threads, plansMemory = true, resident = [] }: SessionOptions,
): object {
  return {
    executionProviders: [provider],
    // Warnings are about what the graph passes leave to the runtime's own; errors come as exceptions, and once is enough.
    logSeverityLevel: 4,
    graphOptimizationLevel: 'all',
    enableMemPattern: plansMemory,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 }),
    // Between runs its threads would go on looking for work for some time, on the cores that another session wants by then:
    // training that validates after each epoch took twice as long.
    extra: { session: { force_spinning_stop: '1' } },
    ...(resident.length === 0
      ? {}
      : { preferredOutputLocation: Object.fromEntries(resident.map((output) => [output, 'gpu-buffer'])) }),
  };
}

/**
 * A session whose failures say where they come from, and which has one tensor for each that it was given to fetch into: Node's
 * binding writes into that, and hands out a copy besides.
 */
function explaining(session: RuntimeSession, place: string): RuntimeSession {
  return {
    run: async (feeds, fetches) => {
      try {
        const results = await session.run(feeds, fetches);
        const copies: ArrayBuffer[] = [];
        for (const name in fetches) {
          const tensor = fetches[name]!;
          if (tensor === null) continue;
          const { buffer } = results[name]!.data;
          // A binding that makes no copy hands out the given memory itself, which is not to be freed.
          if (buffer !== tensor.data.buffer) copies.push(buffer as ArrayBuffer);
          results[name] = tensor;
        }
        if (copies.length > 0) freeAtOnce(copies);
        return results;
      } catch (cause) {
        throw unusable(`a run in ${place}`, cause);
      }
    },
    release: () => session.release(),
  };
}

function unusable(what: string, cause: unknown): EngineError {
  const message = messageOf(cause);
  const bytes = missingBytes(message);
  return new EngineError({
    where: 'compiled',
    argument: what,
    expected: 'to succeed',
    actual: bytes === undefined ? message : `no memory for ${Math.ceil(bytes / 2 ** 20)} MiB in one piece`,
    remedy:
      bytes === undefined
        ? 'try the eager engine, which names the op that fails'
        : 'make the batch or the model smaller',
    cause,
  });
}

/** How much memory the runtime asked for in vain, if that is what it complains of. */
function missingBytes(message: string): number | undefined {
  const found = /allocate memory for requested buffer of size (\d+)/.exec(message);
  return found === null ? undefined : Number(found[1]);
}
