import { Key, sizeOf, type Dataset, type Examples } from '@dgm/core';
import { dataset } from '@dgm/data';
import { classesOf, hasLabels, imageShape } from '../../recipes/shared/datasets';

/** Sides of images. */
const SIDES = [8, 16, 28];
/** Columns of tables. */
const COLUMNS = [8, 32, 128, 512];
const ROWS = { train: 1024, validation: 64, test: 64 } as const;

/**
 * Made-up data sets of several sizes in the form of another one: images whose pixels have as many values, or tables of real numbers.
 * Only the time of a step is measured on them.
 */
export function sizedData({ train, levels }: Pick<Dataset, 'train' | 'levels'>): readonly Dataset[] {
  const [isImage, isFlat] = [
    levels !== undefined && imageShape(train.shape) !== undefined,
    train.shape.length === 1,
  ];
  return (isImage ? SIDES : COLUMNS).map((size) => {
    const image = isFlat ? [size * size] : [size, size, ...train.shape.slice(2)];
    const shape = isImage ? image : [size];
    const examples = (part: keyof typeof ROWS): Examples => ({
      count: ROWS[part],
      shape,
      values: drawValues(ROWS[part] * sizeOf(shape), levels, Key.of(0).fold(size).fold(part)),
      ...(hasLabels({ train }) && { labels: drawLabels(ROWS[part], classesOf({ train })) }),
    });
    return dataset({
      name: `made-up-${size}`,
      train: examples('train'),
      validation: examples('validation'),
      test: examples('test'),
      ...(levels === undefined ? {} : { levels }),
    });
  });
}

function drawValues(count: number, levels: number | undefined, key: Key): Float32Array {
  const generator = key.generator();
  return Float32Array.from({ length: count }, () =>
    levels === undefined ? generator.normal() : generator.below(levels),
  );
}

/** Each class as often as the others. */
function drawLabels(count: number, classes: number): Int32Array {
  return Int32Array.from({ length: count }, (_, row) => row % classes);
}
