import { expect, it } from 'vitest';
import { exportGroups, slug } from './export-groups';

const index = `// the model
export { vae } from './vae';
export type {
  Vae,
  VaeOptions,
} from './vae';

// networks

// normalizers
export { ais } from './ais';
`;

it('groups exports by the comments above them, and leaves out comments without exports', () => {
  expect(exportGroups(index, 'vae').map(({ title, statements }) => [title, statements.length])).toEqual([
    ['the model', 2],
    ['normalizers', 1],
  ]);
});

it('gives exports before the first comment the title of the package', () => {
  expect(exportGroups("export { capture } from './capture';\n", 'compile')).toEqual([
    { title: 'compile', statements: ["export { capture } from './capture';"] },
  ]);
});

it('makes a path of a title', () => {
  expect(slug('Node: @dgm/core/node')).toBe('node-dgm-core-node');
});
