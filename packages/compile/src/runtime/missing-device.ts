import { EngineError } from '@dgm/core';
import type { Device, Runtime } from './runtime';

/** The error for a device that the runtime cannot use here. */
export function missingDevice(
  { name, version, devices }: Pick<Runtime, 'name' | 'version' | 'devices'>,
  device: Device,
  reason: string,
  cause?: unknown,
): EngineError {
  return new EngineError({
    where: 'compiled',
    argument: `device "${device}"`,
    expected: 'to be there',
    actual: `${name} ${version}, built for ${devices.join(', ')}, which says: ${reason}`,
    remedy: `${remedies[device]}, or use device "cpu"`,
    ...(cause === undefined ? {} : { cause }),
  });
}

const remedies: Readonly<Record<Device, string>> = {
  cpu: 'install the runtime again',
  webgpu: 'install a driver of the GPU that speaks Vulkan, Metal or Direct3D 12',
  cuda: 'install onnxruntime-node again with ONNXRUNTIME_NODE_INSTALL=cuda12 (Linux x64, CUDA 12, cuDNN 9)',
};
