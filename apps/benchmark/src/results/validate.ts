import { SerializationError } from '@dgm/core';
import * as v from 'valibot';
import { PEERS, type Comparison } from './comparison';
import type { LatentMap } from './latent-map';
import type { Results } from './schema';
import type { Sweep } from './sweep';

/** JSON has no infinity, but its readers make one of 1e999. */
const number = v.pipe(v.number(), v.finite());
/** Any number, or null for one that is not finite. */
const numberOrNull = v.nullable(number);
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A page with a longer curve takes minutes to draw. */
const MOST_POINTS = 100_000;

/** The name of a file beside the results: results travel, and must not name other files of the machine that reads them. */
const fileName = (ending: string) =>
  v.pipe(
    v.string(),
    v.check(
      (name) => name.endsWith(ending) && !/[/\\\0]/.test(name) && !name.startsWith('.'),
      `must be a file name that ends with ${ending}, without folders`,
    ),
  );
const picture = fileName('.png');

const machine = v.looseObject({
  cpu: v.string(),
  cores: count,
  memoryGiB: number,
  platform: v.string(),
  node: v.string(),
  tfjs: v.string(),
});
const comparisonMachine = v.looseObject({
  ...machine.entries,
  load: number,
  onnxruntime: v.nullable(v.string()),
  pytorch: v.nullable(v.string()),
  python: v.nullable(v.string()),
  peers: v.exactOptional(
    v.array(
      v.object({
        library: v.picklist(['PyTorch', 'JAX']),
        version: v.string(),
        language: v.string(),
        released: v.nullable(v.string()),
        isOld: v.boolean(),
      }),
    ),
  ),
});
const machinesOf = <M extends v.GenericSchema>(of: M) =>
  v.exactOptional(v.array(v.object({ machine: of, models: v.array(v.string()) })));

const dataset = v.object({
  name: v.string(),
  sha256: v.string(),
  train: count,
  validation: count,
  test: count,
  dims: count,
  values: v.nullable(count),
});

const score = v.object({
  nats: numberOrNull,
  bitsPerDim: numberOrNull,
  kind: v.picklist(['exact', 'lower-bound', 'importance-sampled', 'estimate']),
  standardError: numberOrNull,
});

const axis = v.object({ name: v.string(), unit: v.exactOptional(v.string()) });

const integer = v.pipe(v.number(), v.safeInteger());

/** What results say about a training. The order is that of the file, which stays as it is when it is written again. */
const trained = {
  parameters: count,
  batchSize: count,
  optimizer: v.string(),
  engine: v.string(),
  device: v.string(),
};
const training = {
  epochs: count,
  steps: count,
  trainSeconds: number,
  msPerStep: v.object({ median: numberOrNull, min: numberOrNull }),
};

const metrics = v.exactOptional(
  v.record(
    v.string(),
    v.object({
      value: numberOrNull,
      standardError: v.exactOptional(numberOrNull),
      unit: v.exactOptional(v.string()),
      better: v.exactOptional(v.picklist(['lower', 'higher'])),
    }),
  ),
);

const run = v.object({
  model: v.string(),
  package: v.string(),
  version: v.string(),
  ...trained,
  seed: integer,
  ...training,
  validation: v.object({ nats: numberOrNull }),
  test: v.nullable(score),
  extra: v.looseObject({
    command: v.string(),
    source: v.string(),
    stoppedBy: v.string(),
    bestEpoch: v.exactOptional(count),
    reconstructions: v.exactOptional(picture),
    density: v.exactOptional(picture),
    pictures: v.exactOptional(v.record(v.string(), picture)),
    latentMap: v.exactOptional(fileName('.json')),
    features: v.exactOptional(v.object({ name: v.string(), sha256: v.string() })),
  }),
  samples: picture,
  sampleSeconds: number,
  peakMemoryMiB: number,
  curve: v.pipe(
    v.array(v.object({ epoch: count, train: numberOrNull, validation: numberOrNull })),
    v.maxLength(MOST_POINTS),
  ),
  curves: v.exactOptional(
    v.array(
      v.object({
        name: v.string(),
        x: axis,
        y: axis,
        points: v.pipe(v.array(v.tuple([number, number])), v.maxLength(MOST_POINTS)),
      }),
    ),
  ),
  metrics,
});

/** `results.json`. */
export const resultsSchema: v.GenericSchema<unknown, Results> = v.object({
  schema: v.literal(1),
  machine,
  machines: machinesOf(machine),
  dataset,
  runs: v.array(run),
  failures: v.exactOptional(v.array(v.object({ model: v.string(), package: v.string(), error: v.string() }))),
});

const row = {
  model: v.string(),
  engine: v.string(),
  device: v.nullable(v.string()),
  batch: v.nullable(count),
  setting: v.picklist(['one-thread', 'fastest']),
  peer: v.nullable(v.picklist(PEERS)),
  oursMs: numberOrNull,
  peerMs: numberOrNull,
  ratio: v.nullable(
    v.pipe(
      number,
      v.check((ratio) => ratio > 0, 'must be positive'),
    ),
  ),
  oursThreads: numberOrNull,
  peerThreads: numberOrNull,
  oursTestNats: numberOrNull,
  peerTestNats: numberOrNull,
  oursTestNatsSd: numberOrNull,
  peerTestNatsSd: numberOrNull,
  seeds: count,
  oursSampleMs: numberOrNull,
  peerSampleMs: numberOrNull,
  roofline: numberOrNull,
  error: v.exactOptional(v.string()),
};

const measurement = v.object({
  model: v.string(),
  batch: v.nullable(count),
  width: v.nullable(count),
  engine: v.string(),
  device: v.nullable(v.string()),
  threads: count,
  operatorThreads: v.exactOptional(count),
  parameters: v.nullable(count),
  msPerStep: v.nullable(v.object({ median: number, min: number, windows: count })),
  sampleMs: numberOrNull,
  peakMemoryMiB: numberOrNull,
  stepMemoryMiB: v.exactOptional(number),
  resultsMiB: v.exactOptional(number),
  roofline: v.nullable(v.object({ multiplyAddsPerStep: number, peakMultiplyAddsPerMs: number })),
  trainings: v.array(
    v.object({
      seed: integer,
      seconds: number,
      epochs: count,
      steps: count,
      fitMsPerStep: numberOrNull,
      validationNats: number,
      targetNats: number,
      secondsToTarget: number,
      testNats: numberOrNull,
    }),
  ),
  error: v.nullable(v.string()),
});

const sizes = v.array(
  v.object({
    ...row,
    axis: v.picklist(['batch', 'width', 'variables']),
    width: v.nullable(count),
    variables: v.exactOptional(count),
  }),
);

/** `compare.json`. In older files other sizes are called a sweep. */
export const comparisonSchema: v.GenericSchema<unknown, Comparison> = v.pipe(
  v.object({
    schema: v.literal(1),
    machine: comparisonMachine,
    machines: machinesOf(comparisonMachine),
    command: v.string(),
    dataset,
    rows: v.array(v.object(row)),
    measurements: v.array(measurement),
    sizes: v.exactOptional(sizes),
    sweep: v.exactOptional(sizes),
  }),
  v.transform(({ sweep, ...comparison }) => ({
    ...comparison,
    command: comparison.command.replace(' --sweep', ' --sizes'),
    ...(sweep === undefined ? {} : { sizes: sweep }),
  })),
);

const settings = v.record(v.string(), number);

/** `sweep.json`. */
export const sweepSchema: v.GenericSchema<unknown, Sweep> = v.object({
  schema: v.literal(1),
  machine,
  machines: machinesOf(machine),
  command: v.string(),
  dataset,
  trialCount: count,
  trials: v.array(
    v.object({
      number: v.pipe(count, v.minValue(1)),
      model: v.string(),
      settings,
      seed: integer,
      result: v.exactOptional(
        v.object({
          ...trained,
          ...training,
          stoppedBy: v.string(),
          bestEpoch: v.exactOptional(count),
          validation: number,
        }),
      ),
      error: v.exactOptional(v.string()),
    }),
  ),
  chosen: v.exactOptional(
    v.array(
      v.object({
        model: v.string(),
        settings,
        tests: v.array(v.object({ seed: integer, test: v.nullable(score), metrics })),
      }),
    ),
  ),
});

const range = v.tuple([number, number]);
/** The file of a map of two latent variables. */
export const latentMapSchema: v.GenericSchema<unknown, LatentMap> = v.pipe(
  v.object({
    x: range,
    y: range,
    size: v.pipe(count, v.minValue(2), v.maxValue(1000)),
    logPrior: v.array(numberOrNull),
    points: v.array(range),
    labels: v.exactOptional(v.array(count)),
  }),
  v.check(({ logPrior, size }) => logPrior.length === size ** 2, 'must have size * size values of logPrior'),
);

/**
 * The value, if it has the form of the schema.
 * @param source - the file that it comes from
 * @throws SerializationError naming the first field that has another form
 */
export function validated<T>(schema: v.GenericSchema<unknown, T>, value: unknown, source: string): T {
  const refuse = (actual: string): never => {
    throw new SerializationError({
      where: 'dgm-bench',
      argument: source,
      expected: 'to be a file of this program, in the form of this version',
      actual,
      remedy: 'write it again',
    });
  };
  if (isDeeperThan(MOST_LEVELS, value)) refuse(`values nested in more than ${MOST_LEVELS} levels`);
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  return refuse(`${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
}

/** What is nested deeper would overflow the stack of whatever walks it, such as `JSON.stringify`. */
const MOST_LEVELS = 64;

/** Level by level, not by recursion. */
function isDeeperThan(most: number, value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= most; depth++) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Whether the bytes begin as a PNG does. */
export function isPng(content: Uint8Array): boolean {
  return PNG_SIGNATURE.equals(content.subarray(0, PNG_SIGNATURE.length));
}
