// a model of one's own table
export { trainTable } from './train/train-table';
export type { TrainTableOptions } from './train/train-table';
export type { TrainingProgress } from './train/train-network';
export type { Candidate, TrainingFacts } from './train/training-facts';
export { TableModel, tableModel } from './table/table-model';
export type {
  CellExplanation,
  ImputeOptions,
  Sample,
  SampleTableOptions,
  ScoreOptions,
  Scores,
  TableModelOptions,
} from './table/table-model';
export type { BaselineNats, Baselines } from './baselines/baselines';
export type { ModelKind, RowModel } from './table/row-model';
export type { Given, GivenValue } from './table/given';
export { splitRows } from './table/split';
export type { RowSplit } from './table/split';

// how good it is
export { evaluateTable } from './judge/evaluate-table';
export type {
  ColumnEvaluation,
  EvaluateTableOptions,
  PairEvaluation,
  PrivacyEvaluation,
  TableEvaluation,
} from './judge/evaluate-table';
export type { Bar } from './judge/shape';
export type { Usefulness } from './judge/usefulness';
export { boostedClassifier, boostedRegressor } from './judge/boosting';
export type { BoostedTrees, BoostingOptions } from './judge/boosting';
export { nearerShare } from './judge/privacy';
export type { Columns } from './judge/privacy';
export { twoSampleTest } from './judge/two-sample';

// its parts
export { AnyOrderNetwork } from './model/any-order-network';
export type { NetworkOptions } from './model/any-order-network';
export { ChainOfTrees, chainOfTrees } from './baselines/chain-of-trees';
export type { TreeState } from './baselines/chain-of-trees';
export { RowFeatures } from './model/row-features';
export type { RowFeaturesOptions } from './model/row-features';
export { rowHead, rowExamples } from './model/row-head';
export type { RowDistribution, RowHead } from './model/row-head';
export { LatentRows, latentRows } from './whole/latent-rows';
export type { LatentRowModel } from './whole/latent-rows';
export { columnShares, DequantizedRows, dequantizedRows } from './whole/dequantized-rows';
export type { VectorModel } from './whole/dequantized-rows';
export { maskRows } from './model/masks';
export type { MaskedRows, NumberTargets, SeenRows, Targets } from './model/masks';
export type { ColumnGroup, NetworkLayout } from './model/layout';
export { TableCodec, tableCodec } from './codec/table-codec';
export type { CodecOptions, ColumnCodec } from './codec/table-codec';
export { NumberCodec } from './codec/number-codec';
export type { BinOptions, NumberCodecState } from './codec/number-codec';
export { CategoryCodec } from './codec/category-codec';
export type { CategoryCodecState, LevelOptions } from './codec/category-codec';

// model files
export { modelParts } from './model-parts';
