// data sets
export { dataset } from './dataset';
export type { Dataset, DatasetOptions, Examples } from './dataset';
export { glyphs, letters } from './glyphs/glyphs';
export type { GlyphsOptions } from './glyphs/glyphs';
export { digits } from './digits/digits';
export type { DigitsOptions } from './digits/digits';
export { fashionMnist, mnist } from './mnist/mnist';
export { binarizedMnist } from './mnist/binarized-mnist';
export { cifar10 } from './cifar/cifar10';
export type { HeldOutOptions } from './mnist/idx-dataset';
export type { RemoteOptions } from './download/remote-file';

// densities on the plane
export { checkerboard } from './densities/checkerboard';
export type { CheckerboardOptions } from './densities/checkerboard';
export { gaussianMixture } from './densities/gaussian-mixture';
export type { GaussianMixtureOptions } from './densities/gaussian-mixture';
export { planeDataset } from './densities/plane-density';
export type { PlaneDatasetOptions, PlaneDensity } from './densities/plane-density';
export { rings, twoMoons } from './densities/blurred-arcs';
export type { RingsOptions, TwoMoonsOptions } from './densities/blurred-arcs';

// files of one's own
export { csv, parseCsv } from './tables/csv';
export type { CsvExamples, CsvOptions } from './tables/csv';
export type { DelimitedOptions } from './tables/fields';
export { parseTable, readTable } from './tables/table';
export type { NumberColumn, Table, TableColumn, TextColumn } from './tables/table';
export type { FileSource, StreamSource } from './internal/files';
export { parseJsonLines, readJsonLines, streamJsonLines } from './tables/json-lines';
export type { JsonLinesOptions, StreamJsonLinesOptions } from './tables/json-lines';
export { readParquet, streamParquet } from './tables/parquet';
export type { ParquetModule, ParquetOptions, StreamParquetOptions } from './tables/parquet';
export { parseTextTable, readTextTable } from './tables/text/read-text-table';
export type { TextTableOptions } from './tables/text/read-text-table';
export { sampleRows, sampleTextTable, streamTextTable } from './tables/text/stream-text-table';
export type {
  SampledTextTable,
  SampleRowsOptions,
  SampleTextTableOptions,
  StreamTextTableOptions,
} from './tables/text/stream-text-table';
export { checkTextTable, TextTable } from './tables/text/text-table';
export { needsQuotes } from './tables/text/text-cells';
export type { TextCells } from './tables/text/text-cells';
export type { Dialect } from './tables/text/text-table';
export { inferSchema } from './tables/schema/infer-schema';
export type { ColumnOverride, InferSchemaOptions } from './tables/schema/infer-schema';
export { parseSchema } from './tables/schema/parse-schema';
export { formatCell, readCells, readColumn } from './tables/schema/typed-table';
export type { TypedColumn, TypedTable } from './tables/schema/typed-table';
export type {
  CategorySchema,
  ColumnKind,
  ColumnSchema,
  DateSchema,
  NumberSchema,
  OtherSchema,
  TableSchema,
} from './tables/schema/schema';
export { formatNpy, npy, parseNpy } from './tables/npy';
export type { NpyArray } from './tables/npy';
export { miniboone, tableDataset } from './tables/table-dataset';
export type { TableDataset, TableDatasetOptions } from './tables/table-dataset';
export { toExamples } from './tables/to-examples';
export { parseIdx } from './mnist/idx';
export type { IdxArray } from './mnist/idx';
export { text } from './text/text';
export type { TextDataset, TextOptions } from './text/text';
export { imageFolder } from './image/image-folder';
export type { ImageFolder, ImageFolderOptions } from './image/image-folder';
export { imageDataset } from './image/image-dataset';
export type { ImageDataset, ImageDatasetOptions } from './image/image-dataset';
export { decodeImage } from './image/decode-image';
export type { DecodeImageOptions } from './image/decode-image';
export type { RgbImage } from './image/rgb-image';

// data larger than memory
export { csvSource } from './sources/csv-source';
export type { CsvSource, CsvSourceOptions } from './sources/csv-source';
export type { FileExamples } from './sources/example-source';
export { imageSource } from './sources/image-source';
export type { ImageSource, ImageSourceOptions } from './sources/image-source';

// transforms
export { batches } from './transforms/batches';
export type { BatchesOptions } from './transforms/batches';
export { binarize } from './transforms/binarize';
export type { BinarizeOptions } from './transforms/binarize';
export { dequantize } from './transforms/dequantize';
export type { DequantizeOptions } from './transforms/dequantize';
export { denormalize, normalization, normalize } from './transforms/normalize';
export type { Normalization, NormalizationOptions } from './transforms/normalize';
export { reshape } from './transforms/reshape';
export { split } from './transforms/split';
export { destandardize, standardization, standardize } from './transforms/standardize';
export type { Standardization } from './transforms/standardize';
export { subset } from './transforms/subset';
export { toTensor } from './transforms/to-tensor';

// pictures
export { imageGrid, savePng } from './image/image-grid';
export type { ImageGridOptions, Images } from './image/image-grid';
