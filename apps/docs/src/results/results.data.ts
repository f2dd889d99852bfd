import { readFileSync } from 'node:fs';
import path from 'node:path';
import { defineLoader } from 'vitepress';
import { repository } from '../folders';

/** A model of the benchmark with its likelihood on the test rows. */
export interface ModelRow {
  readonly model: string;
  readonly family: string;
  readonly nats: number;
  readonly standardError: number;
  readonly isBound: boolean;
  readonly importanceSampled: number | undefined;
  readonly parameters: number;
  readonly source: string | undefined;
}

/** A training step, side by side with PyTorch, each with its fastest threads. */
export interface SpeedRow {
  readonly model: string;
  readonly ours: number;
  readonly pytorch: number;
  readonly ratio: number;
}

export interface ClaimRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: string;
  readonly date: string;
}

export interface Results {
  readonly models: readonly ModelRow[];
  readonly speed: { readonly rows: readonly SpeedRow[]; readonly machine: string; readonly load: number };
  readonly claims: readonly ClaimRow[];
}

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly load: number;
  readonly pytorch: string;
}

const folder = path.join(repository, 'apps', 'benchmark', 'results');
const json = (name: string): unknown => JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'));

/** The numbers that the benchmark has committed; the pages show no others. */
export function readResults(): Results {
  const { runs } = json('digits') as { runs: Run[] };
  const { rows, machine } = json('compare') as { rows: Comparison[]; machine: Machine };
  const { claims } = json('claims') as { claims: ClaimRow[] };
  return {
    models: runs.map(toModelRow).sort((a, b) => a.nats - b.nats),
    speed: {
      rows: rows
        .filter(({ setting, oursMs }) => setting === 'fastest' && oursMs !== null)
        .map(({ model, oursMs, peerMs, ratio }) => ({ model, ours: oursMs!, pytorch: peerMs, ratio }))
        .sort((a, b) => b.ratio - a.ratio),
      machine: `${machine.cpu}, ${machine.cores} cores, PyTorch ${machine.pytorch}`,
      load: machine.load,
    },
    claims: claims.map(({ name, value, unit, bound, date }) => ({ name, value, unit, bound, date })),
  };
}

interface Run {
  readonly model: string;
  readonly package: string;
  readonly parameters: number;
  readonly test: { readonly nats: number; readonly kind: string; readonly standardError: number };
  readonly extra?: { readonly source?: string; readonly importanceSampled?: { readonly nats: number } };
}

interface Comparison {
  readonly model: string;
  readonly setting: string;
  readonly oursMs: number | null;
  readonly peerMs: number;
  readonly ratio: number;
}

function toModelRow({ model, package: source, parameters, test, extra }: Run): ModelRow {
  // The recipes of posteriors and priors live in the benchmark itself.
  const family = source === '@dgm/benchmark' ? (/prior/.test(model) ? 'priors' : 'vae') : source.slice(5);
  return {
    model,
    family,
    nats: test.nats,
    standardError: test.standardError,
    isBound: test.kind !== 'exact',
    importanceSampled: extra?.importanceSampled?.nats,
    parameters,
    source: extra?.source,
  };
}

declare const data: Results;
export { data };

export default defineLoader({ watch: [path.join(folder, '*.json')], load: readResults });
