export { capture } from './capture/capture';
export type { Captured, CaptureInputs, InputSpec } from './capture/capture';
export { compiled } from './engine/compiled';
export type { CompiledOptions } from './engine/compiled';
export { compile } from './function/compile';
export type { CompileOptions, TensorFunction } from './function/compile';
export type { CallInputs, CompiledFunction, LoopOptions } from './function/compiled-function';
