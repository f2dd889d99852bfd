import { adam, categoricalHead, evaluate, fit, mlp, normalHead } from '@dgm/core';
import { glyphs, toTensor } from '@dgm/data';
import { elboObjective, vae as makeVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeProgram } from '../demo';
import { read } from '../plane';

const ACROSS = 10;

export const vae: MakeProgram = ({ numbers: { beta } }, key) => {
  const data = glyphs();
  const activation = 'leakyRelu';
  const model = makeVae({
    encoder: mlp([64, 64, 2 * 2], { key: key.fold('encoder'), activation }),
    decoder: mlp([2, 64, 64 * 17], { key: key.fold('decoder'), activation }),
    posterior: normalHead({ shape: [2] }),
    likelihood: categoricalHead({ shape: [64], levels: 17 }),
    objective: elboObjective({ weight: beta! }),
  });
  const test = toTensor(data.test);
  return {
    models: { vae: model },
    train: (watch) =>
      fit(model, data, { key, optimizer: adam({ learningRate: 5e-3 }), batchSize: 64, epochs: 20, ...watch }),
    figure: async () => (await evaluate(model, data.test, { key })).nats,
    async show({ numbers: { z1, z2 } }) {
      const codes = await read(tf.tidy(() => model.encode(test).mean()));
      // Draws of the prior would lie unevenly: the grid shows the plane from -2 to 2, the origin in its middle.
      const grid = Float32Array.from({ length: 2 * ACROSS ** 2 }, (_, index) => {
        const cell = index >> 1;
        const along = index % 2 === 0 ? cell % ACROSS : ACROSS - 1 - Math.floor(cell / ACROSS);
        return -2 + (4 * along) / (ACROSS - 1);
      });
      const decoded = (z: Float32Array) =>
        read(tf.tidy(() => model.decode(tf.tensor2d(z, [z.length / 2, 2])).mode()));
      return [
        {
          kind: 'plane',
          caption: 'test images in the latent space; point at a place to decode it',
          range: [-3, 3],
          layers: [
            { points: codes, style: 'data' },
            { points: new Float32Array([z1!, z2!]), style: 'marked' },
          ],
          axes: ['z1', 'z2'],
        },
        {
          ...IMAGE,
          caption: 'decoded there',
          columns: 1,
          values: await decoded(new Float32Array([z1!, z2!])),
        },
        { ...IMAGE, caption: 'decoded along a grid', columns: ACROSS, values: await decoded(grid) },
      ];
    },
    dispose() {
      model.dispose();
      test.dispose();
    },
  };
};

const IMAGE = { kind: 'images', plane: [8, 8], range: [0, 16] } as const;
