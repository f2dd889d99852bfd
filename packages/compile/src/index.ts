export { capture } from './capture/capture';
export type { Captured, CaptureInputs, InputSpec } from './capture/capture';
export { compiled } from './engine/compiled';
export type { CompiledOptions } from './engine/compiled';
