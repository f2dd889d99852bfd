import type { ConvolutionTask } from './convolution-task';
import { countProducts } from './fourier-algorithm';
import { transformedAxes } from './convolution-task';

/*
 * A model of what a convolution and its two gradients cost, in multiply-adds. By `bench/convolutions.ts` it foretells the times of
 * both forms within a third, from 16 channels to 256, batches of 8 to 64, 64 positions to 784.
 */

/** What it costs to write or read one number of an array that is too large for a cache. */
const PER_NUMBER = 20;
/** The other form has to be so much dearer. */
const MARGIN = 1.2;
/** Below this many multiply-adds the time goes into calls of operators, of which the direct form has fewer. */
const LEAST_WORK = 5e6;

/**
 * Whether a convolution is better computed in the frequency domain.
 * @param channelBlock - how many channels the runtime's direct convolution takes at a time, if it has one
 */
export function isSpectral(task: ConvolutionTask, channelBlock?: number): boolean {
  if (transformedAxes(task).length === 0) return false;
  const isBlocked =
    channelBlock !== undefined && [task.inChannels, task.outChannels].every((n) => n % channelBlock === 0);
  const direct = isBlocked ? blockedCost(task) : directCost(task);
  return direct > LEAST_WORK && direct > MARGIN * spectralCost(task);
}

/** Three products with patches; two kinds of patches are written and read. */
function directCost({ batch, axes, inChannels, outChannels }: ConvolutionTask): number {
  const [height, width] = axes;
  const seen = batch * height.outputs * width.outputs * height.taps * width.taps;
  return 3 * seen * inChannels * outChannels + 4 * PER_NUMBER * seen * Math.min(inChannels, outChannels);
}

/** Three direct convolutions; what they read and write changes its layout, and three times for the filter's gradient. */
function blockedCost({ batch, axes, inChannels, outChannels }: ConvolutionTask): number {
  const [height, width] = axes;
  const [inputs, outputs] = [height.inputs * width.inputs, height.outputs * width.outputs];
  const products = batch * outputs * height.taps * width.taps * inChannels * outChannels;
  const moved = batch * (5 * inputs * inChannels + 3 * outputs * outChannels);
  return 3 * products + 2 * PER_NUMBER * moved;
}

/** Six transforms and three products for each frequency; what was transformed is written once and read once or twice. */
function spectralCost(task: ConvolutionTask): number {
  const { batch, axes, inChannels, outChannels } = task;
  const transformed = transformedAxes(task);
  const size = (count: (axis: (typeof axes)[number]) => number) =>
    transformed.reduce((product, axis) => product * count(axis), 1);
  const positions = axes[0].inputs * axes[1].inputs;
  const rows = (batch * positions) / size((axis) => axis.inputs);
  const [x, y, filter] = [rows * inChannels, rows * outChannels, inChannels * outChannels];
  const transforms =
    size((axis) => axis.inputs) * x + size((axis) => axis.outputs) * y + size((axis) => axis.taps) * filter;
  return (
    countProducts(transformed) *
    (3 * rows * inChannels * outChannels + 2 * transforms + 5 * PER_NUMBER * (x + y + filter))
  );
}
