// the contract
export { BaseFlowLayer } from './flow-layer';
export type { Backward, FlowCall, FlowLayer, Forward } from './flow-layer';
export { initializeFlow } from './initialize-flow';
export type { DataDependentFlow } from './initialize-flow';
export { Chain } from './chain';
export type { ChainOptions, ChainPart } from './chain';

// models
export { flow } from './flow';
export type { Flow, FlowOptions } from './flow';
export type { FlowDistribution } from './flow-distribution';
export { realNvp } from './models/real-nvp';
export type { RealNvpOptions } from './models/real-nvp';

// integers through noise
export { dequantized } from './dequantization/dequantized-flow';
export type { DequantizedFlow, DequantizedOptions } from './dequantization/dequantized-flow';
export { uniformDequantizer, variationalDequantizer } from './dequantization/dequantizer';
export type { Dequantizer } from './dequantization/dequantizer';
export { logitPreprocessing } from './dequantization/logit-preprocessing';
export type { LogitPreprocessingOptions } from './dequantization/logit-preprocessing';

// transformers of single elements
export { additive, affine } from './transformers/affine';
export type { AffineTransformerOptions } from './transformers/affine';
export type { Transformer } from './transformers/transformer';

// couplings
export { Coupling } from './coupling/coupling';
export type { CouplingOptions } from './coupling/coupling';
export { interleaved } from './coupling/interleaved';
export { MaskedCoupling } from './coupling/masked-coupling';
export type { MaskedCouplingOptions } from './coupling/masked-coupling';
export { alternatingMask, checkerboardMask, halfMask, oppositeMask } from './coupling/masks';
export type { Mask } from './coupling/masks';
export { rezero } from './coupling/rezero';
