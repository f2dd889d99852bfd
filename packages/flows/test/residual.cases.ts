import { Key } from '@dgm/core';
import type { BijectorTable, ModelTable } from '@dgm/testing';
import {
  contractiveDenseNet,
  contractiveMlp,
  denseFlow,
  InvertibleResidual,
  powerSeries,
  residualFlow,
  russianRoulette,
} from '../src/index';
import { vectors } from './layers.cases';
import { quick, reals } from './models.cases';
import { moved } from './support/moved';

const key = Key.of(1);
const extremes = [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }];

export const residualLayers: BijectorTable = {
  'InvertibleResidual (perceptron)': () => ({
    make: () =>
      moved(
        new InvertibleResidual({
          contraction: contractiveMlp({ dims: 4, hidden: [12, 12], key, lipschitz: 0.7 }),
        }),
        1,
      ),
    latent: vectors,
    extremes,
    wrongShape: [2, 5],
  }),
  'InvertibleResidual (densely connected)': () => ({
    make: () =>
      moved(
        new InvertibleResidual({
          contraction: contractiveDenseNet({ dims: 4, depth: 2, growth: 4, key, lipschitz: 0.5 }),
        }),
        1,
      ),
    latent: vectors,
    extremes,
  }),
};

/** The further a constant is from 1, the fewer steps drawing takes. */
const small = { dims: 4, blocks: 2, lipschitz: 0.5 };

export const residualModels: ModelTable = {
  residualFlow: () => ({
    make: (key) => residualFlow({ ...small, hidden: [8], key }),
    data: reals,
    ...quick,
    wrongShape: [2, 5],
  }),
  'residualFlow (roulette)': () => ({
    make: (key) => residualFlow({ ...small, hidden: [8], key, logDet: russianRoulette({ maximum: 6 }) }),
    data: reals,
    ...quick,
  }),
  'residualFlow (series)': () => ({
    make: (key) => residualFlow({ ...small, hidden: [8], key, logDet: powerSeries({ terms: 5 }) }),
    data: reals,
    ...quick,
  }),
  denseFlow: () => ({
    make: (key) => denseFlow({ ...small, depth: 2, growth: 4, key }),
    data: reals,
    ...quick,
  }),
};
