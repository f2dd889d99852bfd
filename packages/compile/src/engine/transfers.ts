import { inputValue } from '../graph/graph';
import type { Data, TensorSpec, Value } from '../graph/graph';
import { writeModel } from '../onnx/write-model';
import type { Device, Runtime, RuntimeSession, RuntimeTensor } from '../runtime/runtime';
import type { HostTensor } from './step-executor';

/**
 * Moves tensors between the host and a device by graphs of identities, one for each list of shapes. The tensors' own way
 * back, `getData`, ends the process in onnxruntime-node 1.30.
 */
export class Transfers {
  readonly #runtime: Runtime;
  readonly #device: Device;
  readonly #sessions = new Map<string, Promise<RuntimeSession>>();

  constructor(runtime: Runtime, device: Device) {
    this.#runtime = runtime;
    this.#device = device;
  }

  /** Tensors on the device, which the caller owns. */
  toDevice(values: readonly HostTensor[]): Promise<RuntimeTensor[]> {
    const tensors = values.map(({ data, shape, dtype }) => this.#runtime.tensor(data, shape, dtype));
    return this.#move(values, tensors, 'device');
  }

  /** Copies of the values of tensors on the device. */
  async toHost(specs: readonly TensorSpec[], tensors: readonly RuntimeTensor[]): Promise<Data[]> {
    const copies = await this.#move(specs, tensors, 'host');
    return copies.map((copy) => {
      const data = (copy.data as Data).slice();
      copy.dispose();
      return data;
    });
  }

  dispose(): void {
    for (const session of this.#sessions.values()) {
      session.then(
        (created) => created.release(),
        () => undefined,
      );
    }
    this.#sessions.clear();
  }

  async #move(
    specs: readonly TensorSpec[],
    tensors: readonly RuntimeTensor[],
    to: 'device' | 'host',
  ): Promise<RuntimeTensor[]> {
    if (specs.length === 0) return [];
    const key = JSON.stringify([to, specs.map(({ shape, dtype }) => [shape, dtype])]);
    const session = this.#sessions.get(key) ?? this.#create(specs, to);
    this.#sessions.set(key, session);
    const results = await (
      await session
    ).run(
      Object.fromEntries(tensors.map((tensor, index) => [`${index}`, tensor])),
      Object.fromEntries(specs.map((_, index) => [`out/${index}`, null])),
    );
    return specs.map((_, index) => results[`out/${index}`]!);
  }

  #create(specs: readonly TensorSpec[], to: 'device' | 'host'): Promise<RuntimeSession> {
    const values = new Map<string, Value>();
    specs.forEach((spec, index) => values.set(`${index}`, inputValue(`${index}`, spec)));
    return this.#runtime.createSession(writeModel({ inputs: values, outputs: values }), {
      device: this.#device,
      resident: to === 'device' ? specs.map((_, index) => `out/${index}`) : [],
    });
  }
}
