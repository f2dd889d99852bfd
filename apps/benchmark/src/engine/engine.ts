import { auto, compiled, describeRuntime, type Device } from '@dgm/compile';
import {
  checkOneOf,
  ArgumentError,
  eager,
  EngineError,
  setup,
  type BackendName,
  type Engine,
} from '@dgm/core';

/** What has trained a model. */
export interface EngineUse {
  /** `eager` or `compiled`. */
  readonly engine: string;
  /** A tfjs backend, or a device of the compiled engine. */
  readonly device: string;
}

/** What trains, made ready. */
export interface StartedEngine {
  readonly engine: Engine;
  /** What has trained the last model. */
  used(): EngineUse;
  /** All of it in one line, for people. */
  readonly description: string;
}

type Start = (device: string) => Promise<StartedEngine>;

const engines: Readonly<Record<string, Start>> = {
  auto: startAuto,
  eager: startEager,
  compiled: startCompiled,
};
const compiledDevices: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

/**
 * Checks the name of an engine without starting it.
 * @throws ArgumentError with the list of those that exist
 */
export function checkEngineName(engine: string): void {
  checkOneOf('dgm-bench', '--engine', engine, Object.keys(engines));
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

/** Compiled where the runtime is there and the steps can be captured, else eager: one line says why. */
async function startAuto(wanted: string): Promise<StartedEngine> {
  const device = compiledDevice(wanted);
  if (device === undefined) return startEager(wanted);
  const { backend, description } = await setup();
  const reason = await whyNot(device);
  if (reason !== undefined) {
    return {
      ...always(eager(), { engine: 'eager', device: backend }),
      description: `Training runs eagerly: ${reason}. ${description}`,
    };
  }
  let use: EngineUse = { engine: 'compiled', device };
  const engine = auto({
    device,
    onReport(line, what) {
      console.log(line);
      if (what === 'training') use = { engine: 'eager', device: backend };
    },
  });
  return {
    engine: {
      ...engine,
      prepare: (program) => {
        use = { engine: 'compiled', device };
        return engine.prepare(program);
      },
    },
    used: () => use,
    description: await describeCompiled(device, description),
  };
}

async function startEager(device: string): Promise<StartedEngine> {
  const { backend, description } = await setup({ backend: device as BackendName | 'auto' });
  return { ...always(eager(), { engine: 'eager', device: backend }), description };
}

/** Training is compiled, and what is measured where that can be; samples are drawn on the best backend of tfjs. */
async function startCompiled(wanted: string): Promise<StartedEngine> {
  const device = compiledDevice(wanted);
  if (device === undefined) {
    throw new ArgumentError({
      where: 'dgm-bench run',
      argument: '--device',
      expected: `to be one of auto, ${compiledDevices.join(', ')} for --engine compiled`,
      actual: JSON.stringify(wanted),
    });
  }
  const { description } = await setup();
  const reason = await whyNot(device);
  if (reason !== undefined) {
    throw new EngineError({
      where: 'dgm-bench run',
      argument: `--device ${device} for --engine compiled`,
      expected: 'to work here',
      actual: reason,
      remedy: 'choose a device that works, or --engine eager',
    });
  }
  return {
    ...always(
      { ...compiled({ device }), prepareFunction: auto({ device, onReport: console.log }).prepareFunction },
      { engine: 'compiled', device },
    ),
    description: await describeCompiled(device, description),
  };
}

function always(engine: Engine, use: EngineUse): Pick<StartedEngine, 'engine' | 'used'> {
  return { engine, used: () => use };
}

/** The device of the compiled engine that a name on the command line means, if it means one. */
function compiledDevice(wanted: string): Device | undefined {
  return wanted === 'auto' ? 'cpu' : compiledDevices.find((name) => name === wanted);
}

/** Why nothing can be compiled for a device; undefined where it can. */
async function whyNot(device: Device): Promise<string | undefined> {
  const report = await describeRuntime({ devices: [device] });
  return report.devices[0]?.works === true ? undefined : report.description;
}

async function describeCompiled(device: Device, otherwise: string): Promise<string> {
  const { runtime, version } = await describeRuntime({ devices: [] });
  return `Training in ${runtime} ${version} on ${device}; else ${otherwise}`;
}
