// what needs Node; everything else is in `@dgm/core`
export { fileStore } from './node/file-store';
export { loadModel, saveModel } from './node/model-file';
export { progressBar } from './node/progress-bar';
export type { ProgressBarOptions } from './node/progress-bar';
