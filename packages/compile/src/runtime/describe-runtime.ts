import { checkOptions, DgmError } from '@dgm/core';
import { loadRuntime } from './load-runtime';
import { messageOf } from './message';
import type { OnnxRuntime } from './onnx-runtime';
import { probeModel } from './probe';
import { DEVICES } from './runtime';
import type { Device, Runtime } from './runtime';

/** Whether a device can be used, or in one line why not. */
export interface DeviceReport {
  readonly device: Device;
  readonly works: boolean;
  readonly reason?: string;
}

/** What `compiled()` can run on in this process. Plain data. */
export interface RuntimeReport {
  /** The package, or nothing where none is installed. */
  readonly runtime?: Runtime['name'];
  readonly version?: string;
  readonly devices: readonly DeviceReport[];
  /** All of the above in one line, for people. */
  readonly description: string;
}

export interface DescribeRuntimeOptions {
  /**
   * The module to describe, as for `compiled`.
   * @defaultValue the installed one
   */
  readonly runtime?: OnnxRuntime;
  /**
   * Which to try. The runtime itself may print why one does not work.
   * @defaultValue all
   */
  readonly devices?: readonly Device[];
}

/**
 * Looks what ONNX Runtime there is and tries each device with the smallest of models.
 * @returns what works, and why the rest does not; never throws for what is missing
 *
 * @example
 * ```ts
 * console.log((await describeRuntime()).description);
 * ```
 */
export async function describeRuntime(options: DescribeRuntimeOptions = {}): Promise<RuntimeReport> {
  checkOptions('describeRuntime', options, ['runtime', 'devices']);
  try {
    const runtime = await loadRuntime(options.runtime);
    const devices: DeviceReport[] = [];
    // One after another: they share the process's one environment of the runtime.
    for (const device of options.devices ?? DEVICES) devices.push(await tryDevice(runtime, device));
    const { name, version } = runtime;
    return { runtime: name, version, devices, description: `${name} ${version}: ${describe(devices)}` };
  } catch (error) {
    if (!DgmError.is(error, 'engine')) throw error;
    return { devices: [], description: error.message };
  }
}

async function tryDevice(runtime: Runtime, device: Device): Promise<DeviceReport> {
  try {
    const session = await runtime.createSession(probeModel(), { device });
    const results = await session.run(
      { x: runtime.tensor(Float32Array.of(1), [], 'float32') },
      { 'out/x': null },
    );
    const works = results['out/x']!.data[0] === 1;
    await session.release();
    return works ? { device, works } : { device, works, reason: 'it computes nonsense' };
  } catch (error) {
    if (!DgmError.is(error, 'engine')) throw error;
    return { device, works: false, reason: reasonOf(error) };
  }
}

function reasonOf({ cause }: DgmError): string {
  return cause === undefined ? 'the runtime was not built for it' : messageOf(cause);
}

function describe(devices: readonly DeviceReport[]): string {
  return devices
    .map(({ device, works, reason }) => (works ? `${device} works` : `no ${device} (${reason})`))
    .join('; ');
}
