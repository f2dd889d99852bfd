import { checkGiven, checkOptions } from '@dgm/core';
import type { SamplingLoop } from '@dgm/core';
import type { InputSpec } from '../capture/capture';
import { named, nextStep, pick, specsOf } from '../function/compile-sampler';
import type { Graph } from '../graph/graph';
import { withState } from '../graph/substitute';
import { STEPS, writeSampler } from '../onnx/write-model';
import { exportFunction, type ExportFunctionOptions } from './export-function';
import { FileCaptures, type Described } from './file-captures';

/**
 * Writes a whole sampler as one `.onnx` file, whose steps are a `Scan`: the file has a single step, however many are taken.
 *
 * Its inputs are those of the loop under their names; the numbers that change from step to step, such as the times `from` and
 * `to` of a diffusion model, `[steps]` each; and the draws, `noise/0`, `noise/1`, ..., of which those of each step have a first axis
 * `steps`. Where such numbers are among the inputs, the user of the file chooses how many steps there are; otherwise they are those of
 * the loop. The output is `sample`. The metadata say under `dgm.inputs` what the inputs' shapes are, what noise is drawn
 * from, and which numbers the loop itself has.
 *
 * @param loop - `model.samplingLoop(16)`, for example
 * @param options - as for {@link exportFunction}
 * @returns the file's bytes
 * @throws UnsupportedError where a step reads the value of a tensor or assigns a variable
 * @throws EngineError where it uses a kernel without a lowering
 *
 * @example
 * ```ts
 * const model = flowMatching({ shape: [2], network: mlpDenoiser({ shape: [2], key }) });
 * const file = exportSampler(model.samplingLoop(16), { parameters: model.parameters() });
 * await writeFile('flow.onnx', file);
 * ```
 */
export function exportSampler(loop: SamplingLoop, options: ExportFunctionOptions = {}): Uint8Array {
  const where = 'exportSampler';
  checkGiven(where, 'loop', loop, 'to be a sampling loop, such as model.samplingLoop(16)');
  checkOptions(where, options, ['parameters', 'metadata']);
  const { parameters = new Map(), metadata = {} } = options;
  const inputs = specsOf('input', loop.inputs);
  if (loop.steps === 0) {
    const specs = Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [publicName(name), spec]));
    return exportFunction(
      ({ tensors, key }) => ({ [OUTPUT]: loop.finish(loop.start(tensors, key)) }),
      specs,
      options,
    );
  }
  const captures = new FileCaptures(parameters);
  const start = captures.capture(
    ({ tensors, key }) => named('state', loop.start(pick('input', tensors), key)),
    inputs,
  );
  const before = captures.distributions.size;
  const state: Record<string, InputSpec> = Object.fromEntries(start.outputs);
  const perStep = named('step', loop.perStep ?? {});
  const numbers = Object.fromEntries(Object.keys(perStep).map((name) => [name, { shape: [] }]));
  const next = captures.capture(nextStep(loop), { ...inputs, ...state, ...numbers });
  const draws = [...captures.distributions.keys()].slice(before);
  const finish = captures.capture(
    ({ tensors }) => ({ [OUTPUT]: loop.finish(pick('state', tensors)) }),
    state,
  );

  const changing = new Set([...draws, ...Object.keys(perStep)].filter((name) => next.inputs.has(name)));
  const steps = Object.keys(perStep).some((name) => changing.has(name)) ? STEPS : loop.steps;
  const described = new Map<string, Described>();
  for (const [name, { shape, dtype }] of [...start.inputs, ...next.inputs]) {
    if (name in state) continue;
    const distribution = captures.distributions.get(name);
    described.set(publicName(name), {
      ...{ shape: changing.has(name) ? [steps, ...shape] : shape, dtype },
      ...(distribution !== undefined && { distribution }),
      ...(perStep[name] !== undefined && { values: perStep[name] }),
    });
  }
  const samples = finish.outputs.get(OUTPUT)!;
  return writeSampler(
    { start: renamed(start), next: renamed(withState(next)), finish },
    {
      ...{ changing: new Set([...changing].map(publicName)), steps, output: OUTPUT, names: captures.names },
      metadata: {
        ...metadata,
        'dgm.inputs': JSON.stringify(Object.fromEntries(described)),
        'dgm.outputs': JSON.stringify({ [OUTPUT]: { shape: samples.shape, dtype: samples.dtype } }),
      },
    },
  );
}

const OUTPUT = 'sample';

/** An input's name in the file: that of the loop. */
function publicName(name: string): string {
  return name.replace(/^(input|step):/, '');
}

function renamed({ inputs, outputs }: Graph): Graph {
  return { inputs: new Map([...inputs].map(([name, value]) => [publicName(name), value])), outputs };
}
