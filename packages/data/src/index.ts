// data sets
export { dataset } from './dataset';
export type { Dataset, DatasetOptions, Examples } from './dataset';
export { glyphs } from './glyphs/glyphs';
export type { GlyphsOptions } from './glyphs/glyphs';
export { digits } from './digits/digits';
export type { DigitsOptions } from './digits/digits';

// tables
export { csv, parseCsv } from './tables/csv';
export type { CsvOptions } from './tables/csv';

// images
export { imageGrid } from './image/image-grid';
export type { ImageGridOptions, Images } from './image/image-grid';
