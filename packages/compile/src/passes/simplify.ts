import type { Graph } from '../graph/graph';
import { rewrite } from '../graph/rewrite';
import type { Rule } from '../graph/rewrite';
import { hasSlowUnderflow } from '../runtime/processor';
import type { Device } from '../runtime/runtime';
import { absorbBias } from './absorb-bias';
import { absorbPadding } from './absorb-padding';
import { absorbTransposes } from './absorb-transposes';
import { applyIdentities } from './apply-identities';
import { broadcastTiles } from './broadcast-tiles';
import { chooseConvolutions } from './choose-convolutions';
import { dropZeros } from './drop-zeros';
import { foldConstants } from './fold-constants';
import { mergeFactors } from './merge-factors';
import { mergeProducts } from './merge-products';
import { absorbAffine } from './processor/absorb-affine';
import { biasAfterProduct } from './processor/bias-after-product';
import { biasOfConvolution } from './processor/bias-of-convolution';
import { blockedConvolutions } from './processor/blocked-convolutions';
import { boundMaskedScores } from './processor/bound-masked-scores';
import { channelsFirst } from './processor/channels-first';
import { coalesceAxes } from './processor/coalesce-axes';
import { cumulateByProduct } from './processor/cumulate-by-product';
import { filterGradientByRows } from './processor/filter-gradient-by-rows';
import { flattenRows } from './processor/flatten-rows';
import { flushWeights } from './processor/flush-weights';
import { fuseAffineRows } from './processor/fuse-affine-rows';
import { fuseStandardize } from './processor/fuse-standardize';
import { gatherRows } from './processor/gather-rows';
import { joinProducts } from './processor/join-products';
import { mergeModulation } from './processor/merge-modulation';
import { oneHotByRows } from './processor/one-hot-by-rows';
import { pickByIndex } from './processor/pick-by-index';
import { scaleOneHot } from './processor/scale-one-hot';
import { sharePatches } from './processor/share-patches';
import { softplusBySigmoid } from './processor/softplus-by-sigmoid';
import { spreadByProduct } from './processor/spread-by-product';
import { stepByHardSigmoid } from './processor/step-by-hard-sigmoid';
import { sumAtOnce } from './processor/sum-at-once';
import { sumByProduct } from './processor/sum-by-product';
import { sumOfSquares } from './processor/sum-of-squares';
import { transposeRecent } from './processor/transpose-recent';
import { readActivation } from './read-activation';
import { readFilterGradient } from './read-filter-gradient';
import { removeAliases } from './remove-aliases';
import { repeatRowsLast } from './repeat-rows-last';
import { scanInPlace } from './scan-in-place';
import { shareCommon } from './share-common';
import { shareRowScales } from './share-row-scales';
import { shareSoftmax } from './share-softmax';
import { isSpectral } from './spectral/cost';
import { spectralConvolutions } from './spectral/spectral-convolutions';
import { takeParts } from './take-parts';
import { typeOneHot } from './type-one-hot';

/** A transformation of a graph that keeps what it computes. */
export interface Pass {
  readonly name: string;
  readonly apply: (graph: Graph) => Graph;
}

const local = (name: string, rule: Rule): Pass => ({ name, apply: (graph) => rewrite(graph, rule) });

const common: Pass = { name: 'share-common', apply: (graph) => rewrite(graph, shareCommon()) };

/**
 * The passes that keep a graph readable by others, in an order in which each prepares the next. Dead code needs none: a graph is
 * what its outputs reach.
 */
export const portablePasses: readonly Pass[] = [
  local('read-filter-gradient', readFilterGradient),
  local('remove-aliases', removeAliases),
  { name: 'drop-zeros', apply: (graph) => rewrite(graph, dropZeros()) },
  local('fold-constants', foldConstants),
  local('apply-identities', applyIdentities),
  local('take-parts', takeParts),
  // What is computed twice has one activation to read.
  common,
  { name: 'read-activation', apply: readActivation },
  common,
  { name: 'share-row-scales', apply: shareRowScales },
  { name: 'merge-products', apply: mergeProducts },
  local('repeat-rows-last', repeatRowsLast),
  local('broadcast-tiles', broadcastTiles),
  { name: 'absorb-padding', apply: absorbPadding },
  local('scan-in-place', scanInPlace),
  local('absorb-transposes', absorbTransposes),
  local('type-one-hot', typeOneHot),
  { name: 'share-softmax', apply: shareSoftmax },
  local('merge-factors', mergeFactors),
  { name: 'absorb-bias', apply: absorbBias },
];

/** Every pass for any device. */
export const passes: readonly Pass[] = [...portablePasses, local('choose-convolutions', chooseConvolutions)];

/** What a CPU's runtime can do. */
export interface ProcessorTraits {
  /** How many channels its direct convolution takes at a time; none without such a convolution. */
  readonly channelBlock?: number | undefined;
}

/**
 * What pays on a CPU alone: its runtime multiplies matrices better than it does anything else. To be applied to what
 * `simplify` gives.
 */
const processorPassesFor = ({ channelBlock }: ProcessorTraits): readonly Pass[] => [
  local('fuse-standardize', fuseStandardize),
  local('merge-modulation', mergeModulation),
  { name: 'absorb-affine', apply: absorbAffine },
  {
    name: 'spectral-convolutions',
    apply: (graph) =>
      rewrite(
        graph,
        spectralConvolutions((task) => isSpectral(task, channelBlock)),
      ),
  },
  { name: 'share-patches', apply: sharePatches },
  { name: 'bias-of-convolution', apply: biasOfConvolution },
  { name: 'channels-first', apply: (graph) => channelsFirst(graph, channelBlock) },
  local('fuse-affine-rows', fuseAffineRows),
  local('filter-gradient-by-rows', filterGradientByRows),
  ...(channelBlock === undefined ? [] : [local('blocked-convolutions', blockedConvolutions(channelBlock))]),
  local('gather-rows', gatherRows),
  local('softplus-by-sigmoid', softplusBySigmoid),
  local('pick-by-index', pickByIndex),
  local('scale-one-hot', scaleOneHot),
  local('one-hot-by-rows', oneHotByRows),
  local('flatten-rows', flattenRows),
  local('remove-aliases', removeAliases),
  local('spread-by-product', spreadByProduct),
  local('sum-of-squares', sumOfSquares),
  local('sum-by-product', sumByProduct),
  local('cumulate-by-product', cumulateByProduct),
  { name: 'join-products', apply: joinProducts },
  common,
  local('remove-aliases', removeAliases),
  { name: 'transpose-recent', apply: transposeRecent },
  { name: 'sum-at-once', apply: sumAtOnce },
  common,
  local('coalesce-axes', coalesceAxes),
  local('step-by-hard-sigmoid', stepByHardSigmoid),
  local('remove-aliases', removeAliases),
  { name: 'bias-after-product', apply: biasAfterProduct },
];

/** Those for a runtime without a direct convolution. */
export const processorPasses = processorPassesFor({});

/** What pays on processors that are slow with numbers near 0, before the other passes. */
export const underflowPasses: readonly Pass[] = [
  local('bound-masked-scores', boundMaskedScores),
  { name: 'flush-weights', apply: flushWeights },
];

/** Folding makes new constants, identities new chains, and merged chains new twins, so that all passes run twice. */
const ROUNDS = 2;

/** Applies every pass for any device. */
export function simplify(graph: Graph, selected: readonly Pass[] = passes): Graph {
  const rounds = Array.from({ length: ROUNDS }, () => selected).flat();
  return rounds.reduce((current, pass) => pass.apply(current), graph);
}

/** Fits a simplified graph to what a device is good at. */
export function tune(graph: Graph, device: Device, traits: ProcessorTraits = {}): Graph {
  if (device !== 'cpu') return graph;
  const own = processorPassesFor(traits);
  const selected = hasSlowUnderflow() ? [...underflowPasses, ...own] : own;
  return selected.reduce((current, pass) => pass.apply(current), graph);
}
