// models
export { convArm } from './presets/conv-arm';
export type { ConvArmOptions } from './presets/conv-arm';
export { finiteMemory } from './presets/finite-memory';
export type { FiniteMemoryOptions } from './presets/finite-memory';
export { gatedPixelCnn } from './presets/gated-pixel-cnn';
export type { GatedPixelCnnOptions } from './presets/gated-pixel-cnn';
export { made } from './presets/made';
export type { MadeOptions } from './presets/made';
export { madeEnsemble } from './presets/made-ensemble';
export type { MadeEnsembleOptions } from './presets/made-ensemble';
export { nade } from './presets/nade';
export type { NadeOptions } from './presets/nade';
export { pixelCnn } from './presets/pixel-cnn';
export type { PixelCnnOptions } from './presets/pixel-cnn';
export { recurrentArm } from './presets/recurrent-arm';
export type { RecurrentArmOptions } from './presets/recurrent-arm';
export { transformerArm } from './presets/transformer-arm';
export type { TransformerArmOptions } from './presets/transformer-arm';
export { waveNet } from './presets/wave-net';
export type { WaveNetOptions } from './presets/wave-net';
export type { ImageArmOptions } from './presets/image-model';
export type { ArmOptions, OrderedArmOptions } from './presets/options';

// models of one's own
export { AutoregressiveModel } from './model/autoregressive-model';
export type {
  AutoregressiveModelOptions,
  ArmSampleOptions,
  SamplingLoopOptions,
} from './model/autoregressive-model';
export type { GivenEntries } from './model/given-entries';
export type { Connection, MadeEnsemble } from './model/made-ensemble';
export type { AutoregressiveNetwork, StepInput, StepNetwork } from './model/network';
export { rasterOrder, zigZagOrder } from './model/order';
export type { Order } from './model/order';
export type { DrawOptions } from './model/sampling';
export { ImageNetwork } from './networks/image-network';
export type { ImageBody, ImageNetworkOptions, Plane } from './networks/image-network';
export { SequenceNetwork } from './networks/sequence-network';
export type { SequenceNetworkOptions } from './networks/sequence-network';
export { valueEncoding } from './networks/value-encoding';
export type { ValueEncoding, ValueEncodingName } from './networks/value-encoding';

// causal layers
export { MaskedConv2d } from './layers/masked-conv2d';
export type { MaskedConv2dOptions, PixelPlace } from './layers/masked-conv2d';
export { ShiftedConv2d } from './layers/shifted-conv2d';
export type { ShiftedConv2dOptions } from './layers/shifted-conv2d';
export { CausalConv1d } from './layers/causal-conv1d';
export type { CausalConv1dOptions, ConvWindow } from './layers/causal-conv1d';
export { BaseCausalLayer } from './layers/causal-layer';
export type { Through } from './layers/causal-layer';
export { CausalResidual, CausalStack } from './layers/causal-stack';
export { GatedResidualStack } from './layers/gated-residual-stack';
export type { GatedResidualStackOptions } from './layers/gated-residual-stack';
export { LearnedPositions } from './layers/learned-positions';
export type { LearnedPositionsOptions, PositionState } from './layers/learned-positions';

// model files
export { modelParts } from './model-parts';
