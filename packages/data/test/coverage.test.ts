import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';

const densities = 'src/densities/densities.test.ts';
const images = 'src/image/image.test.ts';
const transforms = 'src/transforms/transforms.test.ts';

describeCoverage({
  exports,
  tables: [],
  testedIn: {
    batches: transforms,
    binarize: transforms,
    binarizedMnist: 'src/mnist/mnist.test.ts',
    checkerboard: densities,
    cifar10: 'src/cifar/cifar10.test.ts',
    csv: 'src/tables/csv.test.ts',
    csvSource: 'src/sources/sources.test.ts',
    dataset: 'src/dataset.test.ts',
    decodeImage: images,
    denormalize: transforms,
    dequantize: transforms,
    digits: 'src/digits/digits.test.ts',
    fashionMnist: 'src/mnist/mnist.test.ts',
    formatNpy: 'src/tables/npy.test.ts',
    gaussianMixture: densities,
    glyphs: 'src/glyphs/glyphs.test.ts',
    imageDataset: images,
    imageFolder: images,
    imageGrid: images,
    imageSource: 'src/sources/sources.test.ts',
    miniboone: 'src/tables/table-dataset.test.ts',
    mnist: 'src/mnist/mnist.test.ts',
    normalization: transforms,
    normalize: transforms,
    npy: 'src/tables/npy.test.ts',
    parseCsv: 'src/tables/csv.test.ts',
    parseIdx: 'src/mnist/mnist.test.ts',
    parseTable: 'src/tables/table.test.ts',
    parseNpy: 'src/tables/npy.test.ts',
    planeDataset: densities,
    readTable: 'src/tables/table.test.ts',
    reshape: transforms,
    rings: densities,
    savePng: images,
    split: transforms,
    subset: transforms,
    text: 'src/text/text.test.ts',
    tableDataset: 'src/tables/table-dataset.test.ts',
    toExamples: 'src/tables/npy.test.ts',
    toTensor: transforms,
    twoMoons: densities,
  },
});
