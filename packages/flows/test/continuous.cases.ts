import { dormandPrince, hutchinsonTrace, Key, rungeKutta } from '@dgm/core';
import type { BijectorTable, ModelTable } from '@dgm/testing';
import { cnf, ContinuousFlow, smoothMlp } from '../src/index';
import { vectors } from './layers.cases';
import { quick, reals } from './models.cases';
import { moved } from './support/moved';

const field = () => moved(smoothMlp([4, 8, 4], { key: Key.of(1), conditions: 1 }), 0.3);
const extremes = [{ latent: [[1e4, -1e4, 1e4, 1]] }, { data: [[1e4, -1e4, 1e4, 1]] }];

export const continuousLayers: BijectorTable = {
  'ContinuousFlow (equal steps)': () => ({
    make: () => new ContinuousFlow({ dims: 4, field: field(), evaluationSolver: rungeKutta({ steps: 16 }) }),
    latent: vectors,
    extremes,
    wrongShape: [2, 5],
  }),
  'ContinuousFlow (adaptive, 1e-6)': () => ({
    make: () =>
      new ContinuousFlow({ dims: 4, field: field(), evaluationSolver: dormandPrince({ tolerance: 1e-6 }) }),
    latent: vectors,
    extremes,
    wrongShape: [2, 5],
  }),
};

const small = { dims: 4, hidden: [8], solver: rungeKutta({ steps: 4 }) };

export const continuousTimeModels: ModelTable = {
  cnf: () => ({
    make: (key) => cnf({ ...small, key }),
    data: reals,
    ...quick,
    wrongShape: [2, 5],
    measuresByReading: true,
  }),
  'cnf (velocity)': () => ({
    make: (key) => cnf({ ...small, key, objective: 'velocity' }),
    data: reals,
    ...quick,
    wrongShape: [2, 5],
    measuresByReading: true,
  }),
  'cnf (Hutchinson)': () => ({
    make: (key) => cnf({ ...small, key, trace: hutchinsonTrace({ directions: 2 }) }),
    data: reals,
    ...quick,
    measuresByReading: true,
  }),
};
