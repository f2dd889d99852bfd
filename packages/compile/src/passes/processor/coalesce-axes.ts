import type { Rule } from '../../graph/rewrite';
import { transpose } from '../spectral/nodes';
import { reshaped } from './narrow-rows';

/**
 * Transposes axes that stay side by side as one. The runtime moves a single axis by blocks, and goes number by number where two are
 * moved; and it merges Transposes of the first kind into one of the second, which the Reshapes prevent. A batch `[64, 96, 8, 8]` becomes
 * `[8, 8, 64, 96]` in 1.4 ms so, and in 0.5 by two moves of one axis. Axes of size 1 do not count.
 */
export const coalesceAxes: Rule = (node) => {
  if (node.kernel !== 'Transpose') return undefined;
  const [x] = node.inputs;
  const whole = node.attributes['perm'] as readonly number[];
  const perm = whole.filter((axis) => x!.shape[axis] !== 1);
  const runs = runsOf(perm, x!.shape);
  if (runs.length <= 1) return [reshaped(x!, node.outputs[0]!.shape)];
  if (runs.length === whole.length) return undefined;
  const inOrder = [...runs].sort(([a], [b]) => a! - b!);
  const sizes = inOrder.map((run) => run.reduce((size, axis) => size * x!.shape[axis]!, 1));
  const order = runs.map((run) => inOrder.indexOf(run));
  return [reshaped(transpose(reshaped(x!, sizes), order), node.outputs[0]!.shape)];
};

/** The axes of the operand in the order of the result, in runs of neighbours: between two of these are axes of size 1 at most. */
function runsOf(perm: readonly number[], shape: readonly number[]): readonly (readonly number[])[] {
  const runs: number[][] = [];
  for (const axis of perm) {
    const last = runs.at(-1);
    const between = last === undefined ? [0] : shape.slice(last.at(-1)! + 1, axis);
    if (last !== undefined && axis > last.at(-1)! && between.every((size) => size === 1)) last.push(axis);
    else runs.push([axis]);
  }
  return runs;
}
