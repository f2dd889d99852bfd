import { compiled, describeRuntime, type Device } from '@dgm/compile';
import { ArgumentError, eager, EngineError, setup, type BackendName, type Engine } from '@dgm/core';

/** What trains, made ready. */
export interface StartedEngine {
  readonly engine: Engine;
  /** What it computes on: a tfjs backend, or a device of the compiled engine. */
  readonly device: string;
  /** All of it in one line, for people. */
  readonly description: string;
}

type Start = (device: string) => Promise<StartedEngine>;

const engines: Readonly<Record<string, Start>> = { eager: startEager, compiled: startCompiled };
const compiledDevices: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

/**
 * Checks the name of an engine without starting it.
 * @throws ArgumentError with the list of those that exist
 */
export function checkEngineName(engine: string): void {
  if (Object.hasOwn(engines, engine)) return;
  throw new ArgumentError({
    where: 'dgm-bench run',
    argument: '--engine',
    expected: `to be one of ${Object.keys(engines).join(', ')}`,
    actual: JSON.stringify(engine),
  });
}

/**
 * Starts an engine on a device; `auto` leaves the choice to it.
 * @throws ArgumentError for a device that the engine does not know
 * @throws EngineError for one that does not work here, with what there is
 */
export function startEngine(engine: string, device: string): Promise<StartedEngine> {
  checkEngineName(engine);
  return engines[engine]!(device);
}

async function startEager(device: string): Promise<StartedEngine> {
  const { backend, description } = await setup({ backend: device as BackendName | 'auto' });
  return { engine: eager(), device: backend, description };
}

/** Training is compiled; validation, samples and measurements run on the best backend of tfjs. */
async function startCompiled(wanted: string): Promise<StartedEngine> {
  const device = wanted === 'auto' ? 'cpu' : compiledDevices.find((name) => name === wanted);
  if (device === undefined) {
    throw new ArgumentError({
      where: 'dgm-bench run',
      argument: '--device',
      expected: `to be one of auto, ${compiledDevices.join(', ')} for --engine compiled`,
      actual: JSON.stringify(wanted),
    });
  }
  const { description } = await setup();
  const report = await describeRuntime({ devices: [device] });
  if (report.devices[0]?.works !== true) {
    throw new EngineError({
      where: 'dgm-bench run',
      argument: `--device ${device} for --engine compiled`,
      expected: 'to work here',
      actual: report.description,
      remedy: 'choose a device that works, or --engine eager',
    });
  }
  const runtime = `${report.runtime} ${report.version} on ${device}`;
  return { engine: compiled({ device }), device, description: `Training in ${runtime}; else ${description}` };
}
