export { capture } from './capture/capture';
export type { Captured, CaptureInputs, InputSpec } from './capture/capture';
export { auto } from './engine/auto';
export type { AutoOptions } from './engine/auto';
export { compiled } from './engine/compiled';
export type { CompiledOptions } from './engine/compiled';
export { compile } from './function/compile';
export type { CompileOptions, TensorFunction } from './function/compile';
export type { CallInputs, CompiledFunction, LoopOptions } from './function/compiled-function';
export { describeRuntime } from './runtime/describe-runtime';
export type { DescribeRuntimeOptions, DeviceReport, RuntimeReport } from './runtime/describe-runtime';
export type { OnnxRuntime } from './runtime/onnx-runtime';
export type { Device } from './runtime/runtime';

export { exportFunction } from './export/export-function';
export type { ExportFunctionOptions } from './export/export-function';
export { exportOnnx } from './export/export-onnx';
export type { ExportOptions } from './export/export-onnx';
