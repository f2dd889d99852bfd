import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';

describeCoverage({
  exports,
  tables: [],
  testedIn: {
    AnyOrderNetwork: 'src/model/any-order-network.test.ts',
    ChainOfTrees: 'src/baselines/chain-of-trees.test.ts',
    chainOfTrees: 'src/baselines/chain-of-trees.test.ts',
    columnShares: 'src/whole/whole-rows.test.ts',
    DequantizedRows: 'src/whole/whole-rows.test.ts',
    dequantizedRows: 'src/whole/whole-rows.test.ts',
    LatentRows: 'src/whole/whole-rows.test.ts',
    latentRows: 'src/whole/whole-rows.test.ts',
    rowExamples: 'src/model/row-head.test.ts',
    RowFeatures: 'src/model/row-head.test.ts',
    rowHead: 'src/model/row-head.test.ts',
    boostedClassifier: 'src/judge/judge.test.ts',
    boostedRegressor: 'src/judge/judge.test.ts',
    CategoryCodec: 'src/codec/codec.test.ts',
    evaluateTable: 'src/judge/evaluate-table.test.ts',
    maskRows: 'src/model/any-order-network.test.ts',
    nearerShare: 'src/judge/evaluate-table.test.ts',
    NumberCodec: 'src/codec/codec.test.ts',
    splitRows: 'src/table/split.test.ts',
    TableCodec: 'src/codec/codec.test.ts',
    tableCodec: 'src/codec/codec.test.ts',
    TableModel: 'src/table/table-model.test.ts',
    tableModel: 'src/table/table-model.test.ts',
    twoSampleTest: 'src/judge/judge.test.ts',
    trainTable: 'src/table/table-model.test.ts',
  },
});
