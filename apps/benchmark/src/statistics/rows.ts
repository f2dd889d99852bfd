import { isPeer } from '../results/comparison';
import { finite } from '../results/json';
import type { ComparisonRow, MeasuredTraining, Measurement, Setting } from '../results/comparison';
import { mean, rounded, standardDeviation } from './statistics';

/**
 * The rows of one model with one batch size: each of our engines against the fastest peer on one thread, then each at
 * its fastest against the fastest peer with any number of threads, where anything has more than one.
 */
export function rowsOf(measurements: readonly Measurement[]): readonly ComparisonRow[] {
  const settings: readonly Setting[] = measurements.some(({ threads }) => threads > 1)
    ? ['one-thread', 'fastest']
    : ['one-thread'];
  return settings.flatMap((setting) => {
    const able = measurements.filter(({ threads }) => setting === 'fastest' || threads === 1);
    const ours = able.filter(({ engine }) => !isPeer(engine));
    const programs = [...new Set(ours.map(programOf))];
    return programs.map((program) =>
      row(setting, {
        ours: ours.filter((measurement) => programOf(measurement) === program),
        peers: able.filter(({ engine }) => isPeer(engine)),
        all: measurements,
      }),
    );
  });
}

/** What a row of ours is about: an engine on a device, with any number of threads. */
const programOf = ({ engine, device }: Measurement) => `${engine} on ${device}`;

interface Sides {
  readonly ours: readonly Measurement[];
  readonly peers: readonly Measurement[];
  /** Also those that the setting leaves out: training is done once, by the fastest. */
  readonly all: readonly Measurement[];
}

function row(setting: Setting, { ours: allOurs, peers, all }: Sides): ComparisonRow {
  const ours = fastest(allOurs)!;
  // What computes on a processor is not held against a GPU.
  const allPeers = peers.filter(({ device }) => onGpu(ours) || !onGpu({ device }));
  const peer = fastest(allPeers);
  const oursMs = ours.msPerStep?.median ?? null;
  const peerMs = peer?.msPerStep?.median ?? null;
  const errors = [ours.error, peer ? peer.error && `peer: ${peer.error}` : 'peer: none'].filter(
    (error) => error !== null,
  );
  return {
    model: ours.model,
    engine: ours.engine,
    device: ours.device,
    batch: ours.batch,
    setting,
    peer: peer !== undefined && isPeer(peer.engine) ? peer.engine : null,
    oursMs,
    peerMs,
    ratio: oursMs === null || peerMs === null ? null : Number((peerMs / oursMs).toPrecision(4)),
    oursThreads: ours.threads,
    peerThreads: peer?.threads ?? null,
    ...quality(
      trainingsOf(all.filter((other) => programOf(other) === programOf(ours))),
      trainingsOf(all.filter(({ engine }) => isPeer(engine))),
    ),
    oursSampleMs: leastSampleMs(allOurs),
    peerSampleMs: leastSampleMs(allPeers),
    roofline: roofline(ours),
    ...(errors.length > 0 ? { error: errors.join('; ') } : {}),
  };
}

const GPUS: readonly (string | null)[] = ['webgpu', 'cuda', 'tensorflow-gpu'];
/** Whether something was computed on a GPU. */
export const onGpu = ({ device }: Pick<Measurement, 'device'>) => GPUS.includes(device);

/** The fastest of those that work, else any of the others, for what it says about its failure. */
function fastest(measurements: readonly Measurement[]): Measurement | undefined {
  const ms = ({ msPerStep, error }: Measurement) =>
    error === null ? (msPerStep?.median ?? Infinity) : Infinity;
  return [...measurements].sort((a, b) => (ms(a) < ms(b) ? -1 : Number(ms(a) > ms(b))))[0];
}

/** Of the one that was trained. */
function trainingsOf(measurements: readonly Measurement[]): readonly MeasuredTraining[] {
  return measurements.find(({ trainings }) => trainings.length > 0)?.trainings ?? [];
}

type Quality = Pick<
  ComparisonRow,
  'oursTestNats' | 'peerTestNats' | 'oursTestNatsSd' | 'peerTestNatsSd' | 'seeds'
>;

/** Over the seeds that both sides have; where one side has none, over those of the other. */
function quality(ours: readonly MeasuredTraining[], peer: readonly MeasuredTraining[]): Quality {
  const shared = (trainings: typeof ours, others: typeof ours) =>
    others.length === 0
      ? trainings
      : trainings.filter(({ seed }) => others.some((other) => other.seed === seed));
  const [oursShared, peerShared] = [shared(ours, peer), shared(peer, ours)];
  const [oursNats, peerNats] = [natsOf(oursShared), natsOf(peerShared)];
  return {
    oursTestNats: oursNats.mean,
    peerTestNats: peerNats.mean,
    oursTestNatsSd: oursNats.sd,
    peerTestNatsSd: peerNats.sd,
    seeds: Math.max(oursShared.length, peerShared.length),
  };
}

/** None where one seed has none: the mean of the others would be of the lucky ones. */
function natsOf(trainings: readonly MeasuredTraining[]) {
  const nats = trainings.flatMap(({ testNats }) => testNats ?? []);
  if (nats.length < trainings.length || nats.length === 0) return { mean: null, sd: null };
  const sd = standardDeviation(nats);
  return { mean: finite(rounded(mean(nats), 6)), sd: sd === null ? null : finite(rounded(sd, 3)) };
}

function leastSampleMs(measurements: readonly Measurement[]): number | null {
  const times = measurements.flatMap(({ sampleMs, error }) => (error === null ? (sampleMs ?? []) : []));
  return times.length === 0 ? null : Math.min(...times);
}

function roofline({ msPerStep, roofline: measured }: Measurement): number | null {
  if (msPerStep === null || measured === null) return null;
  const { multiplyAddsPerStep, peakMultiplyAddsPerMs } = measured;
  return Number((multiplyAddsPerStep / msPerStep.median / peakMultiplyAddsPerMs).toPrecision(3));
}
