import { availableParallelism, arch, cpus, platform, totalmem } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';

/** Where numbers were measured. Nothing in it names a host, a user or a folder. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** Operating system and processor family. */
  readonly platform: string;
  readonly node: string;
  readonly tfjs: string;
}

/** Which machine has measured which models. */
export interface MachineOfModels<M extends Machine = Machine> {
  readonly machine: M;
  readonly models: readonly string[];
}

/** Whether it is the same one; its load changes from moment to moment. */
export function sameMachine(a: Machine, b: Machine): boolean {
  return JSON.stringify({ ...a, load: 0 }) === JSON.stringify({ ...b, load: 0 });
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    tfjs: tf.version_core,
  };
}
