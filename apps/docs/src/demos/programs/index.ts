import type { DemoName } from '../catalog';
import type { MakeProgram } from '../demo';

/** The code of each demo, loaded when its turn comes. */
export const programs: Readonly<Record<DemoName, () => Promise<MakeProgram>>> = {
  flow: async () => (await import('./flow')).flow,
  vae: async () => (await import('./vae')).vae,
  arm: async () => (await import('./arm')).arm,
  diffusion: async () => (await import('./diffusion')).diffusion,
  gan: async () => (await import('./gan')).gan,
  rbm: async () => (await import('./rbm')).rbm,
  energy: async () => (await import('./energy')).energy,
  hybrid: async () => (await import('./hybrid')).hybrid,
  compression: async () => (await import('./compression')).compression,
  digit: async () => (await import('./digit')).digit,
};
