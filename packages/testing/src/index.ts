import './matchers';

// suites
export { describeBackends } from './backends';
export { bijectorChecks, describeBijector, measureBijector } from './bijector';
export type { BijectorCase, BijectorErrors, BijectorTable } from './bijector';
export { compiledChecks, describeCompiled, engineChecks } from './compiled';
export type { CompiledOptions, CompiledTable } from './compiled';
export type { CompiledCase } from './compiled/trained';
export { describeCodec } from './codec';
export type { CheckedCodec, CodecCase, CodecTable } from './codec';
export { checkCoverage, describeCoverage } from './coverage';
export type { Coverage } from './coverage';
export { describeDistribution, distributionChecks } from './distribution';
export type { DistributionTable } from './distribution';
export type { DistributionCase, GoldenRow, Support } from './distribution/case';
export { describeLayer, layerChecks } from './layer';
export type { LayerCase, LayerTable } from './layer';
export { describeModel, modelChecks } from './model';
export { checkModelFile } from './model-file';
export type { ModelCase, ModelTable } from './model';
export { describeOps, opChecks } from './ops';
export type { OpCase, OpTable } from './ops';
export { describeReadme } from './readme';

// helpers
export { everyEvent } from './distribution/grid';
export { automaticGradients, numericalGradient, numericalGradients } from './gradients';
export type { TensorFunction } from './gradients';
export { expectNoLeaks } from './leaks';
export { jacobians, logAbsDeterminant } from './linear-algebra';
export { quadrature, quadratureRule } from './quadrature';
export type { Interval, Rule } from './quadrature';
export { relativeError } from './relative-error';
export { chiSquareScore, KOLMOGOROV_SMIRNOV_LIMIT, kolmogorovSmirnov, meanAndError } from './statistics';
export { evaluate, flatten, take, tensorOf } from './tensors';
export type { Numbers } from './tensors';
export { STANDARD_ERRORS, tolerances } from './tolerances';
export type { Tolerance, Tolerances } from './tolerances';
