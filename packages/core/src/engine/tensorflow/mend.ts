import * as tf from '@tensorflow/tfjs-core';
import type {
  Conv2DBackpropFilterAttrs,
  Conv2DBackpropInputAttrs,
  DataType,
  GatherV2Attrs,
  KernelBackend,
  KernelConfig,
  ReshapeAttrs,
  StepAttrs,
  Tensor,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { sameShape } from '../../shape/shape';
import { mendKernels, type MendedKernel } from '../mended-kernel';

/** The part of tfjs-node's backend that runs one operation of TensorFlow. */
interface TensorflowBackend extends KernelBackend {
  readonly binding: Readonly<
    Record<
      'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_STRING' | 'TF_ATTR_TYPE' | 'TF_ATTR_BOOL' | 'TF_FLOAT',
      number
    >
  >;
  executeSingleOutput(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly TensorInfo[],
  ): TensorInfo;
}

interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What a kernel is called with. */
interface KernelCall<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly backend: TensorflowBackend;
  readonly attrs: Attributes;
}

/** A kernel in terms of the one that tfjs-node ships. */
function around<Inputs, Attributes>(
  kernelName: string,
  kernel: (call: KernelCall<Inputs, Attributes>, shipped: Run<Inputs, Attributes>) => TensorInfo,
): MendedKernel {
  return {
    kernelName,
    kernel(shipped) {
      const run = shipped as unknown as Run<Inputs, Attributes>;
      const kernelFunc: Run<Inputs, Attributes> = (call) => kernel(call, run);
      return kernelFunc as unknown as KernelConfig['kernelFunc'];
    },
  };
}

type Run<Inputs, Attributes> = (call: KernelCall<Inputs, Attributes>) => TensorInfo;

type Size4 = [number, number, number, number];

/**
 * Both gradients of a convolution. TensorFlow's operations take the padding of each side as an attribute; the shipped
 * kernels refuse all but "same" and "valid".
 */
const conv2dBackpropFilter = around<{ x: TensorInfo; dy: TensorInfo }, Conv2DBackpropFilterAttrs>(
  tf.Conv2DBackpropFilter,
  (call, shipped) => {
    const { inputs, backend, attrs } = call;
    if (typeof attrs.pad === 'string') return shipped(call);
    return runConvolution(tf.Conv2DBackpropFilter, backend, {
      attrs,
      shape: attrs.filterShape,
      geometry: convolutionInfo(inputs.x.shape, attrs.filterShape, attrs),
      inputs: (sizes) => [inputs.x, sizes, inputs.dy],
    });
  },
);

const conv2dBackpropInput = around<{ dy: TensorInfo; filter: TensorInfo }, Conv2DBackpropInputAttrs>(
  tf.Conv2DBackpropInput,
  (call, shipped) => {
    const { inputs, backend, attrs } = call;
    if (typeof attrs.pad === 'string') return shipped(call);
    return runConvolution(tf.Conv2DBackpropInput, backend, {
      attrs,
      shape: attrs.inputShape,
      geometry: convolutionInfo(attrs.inputShape, inputs.filter.shape, attrs),
      inputs: (sizes) => [sizes, inputs.filter, inputs.dy],
    });
  },
);

type GradientAttributes = Omit<Conv2DBackpropFilterAttrs, 'filterShape'>;

function convolutionInfo(
  x: readonly number[],
  filter: readonly number[],
  { strides, pad, dimRoundingMode, dataFormat }: GradientAttributes,
): tf.backend_util.Conv2DInfo {
  const format = tf.backend_util.convertConv2DDataFormat(dataFormat);
  return tf.backend_util.computeConv2DInfo(
    [...x] as Size4,
    [...filter] as Size4,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    format,
  );
}

function runConvolution(
  name: string,
  backend: TensorflowBackend,
  {
    attrs,
    shape,
    geometry,
    inputs,
  }: {
    readonly attrs: GradientAttributes;
    /** The shape of the result, which the operation wants as a tensor. */
    readonly shape: readonly number[];
    readonly geometry: tf.backend_util.Conv2DInfo;
    readonly inputs: (sizes: TensorInfo) => readonly TensorInfo[];
  },
): TensorInfo {
  const { binding } = backend;
  const { top, bottom, left, right } = geometry.padInfo;
  const planar = (vertical: readonly number[], horizontal: readonly number[], other: readonly number[]) =>
    attrs.dataFormat === 'NHWC'
      ? [...other, ...vertical, ...horizontal, ...other]
      : [...other, ...other, ...vertical, ...horizontal];
  const attributes: readonly OperationAttribute[] = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    {
      name: 'strides',
      type: binding.TF_ATTR_INT,
      value: planar([geometry.strideHeight], [geometry.strideWidth], [1]),
    },
    { name: 'padding', type: binding.TF_ATTR_STRING, value: 'EXPLICIT' },
    {
      name: 'explicit_paddings',
      type: binding.TF_ATTR_INT,
      value: planar([top, bottom], [left, right], [0, 0]),
    },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: attrs.dataFormat },
    { name: 'use_cudnn_on_gpu', type: binding.TF_ATTR_BOOL, value: true },
    { name: 'dilations', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
  ];
  const sizes = tf.tensor1d([...shape], 'int32');
  const result = backend.executeSingleOutput(name, attributes, inputs(sizes));
  sizes.dispose();
  return result;
}

/** The shipped kernel reads `shape[axis]` whatever the sign of the axis. */
const gather = around<{ x: TensorInfo; indices: TensorInfo }, GatherV2Attrs>(tf.GatherV2, (call, shipped) => {
  const { inputs, attrs } = call;
  const axis = tf.util.parseAxisParam(attrs.axis, inputs.x.shape)[0]!;
  return shipped({ ...call, attrs: { ...attrs, axis } });
});

/** TensorFlow wants one type; the other backends convert to the widest. */
const concat = around<readonly TensorInfo[], { readonly axis: number }>(tf.Concat, (call, shipped) => {
  const types = [...new Set(call.inputs.map(({ dtype }) => dtype))];
  if (types.length === 1) return shipped(call);
  const widest = types.reduce((a, b): DataType => tf.upcastType(a, b));
  return tf.tidy(() => {
    const inputs = call.inputs.map((x) => tf.cast(x as Tensor, widest));
    return shipped({ ...call, inputs }) as Tensor;
  });
});

/** The shipped kernel copies a tensor that has the type already. */
const cast = around<{ x: TensorInfo }, { readonly dtype: DataType }>(tf.Cast, (call, shipped) =>
  call.inputs.x.dtype === call.attrs.dtype ? share(call.backend, call.inputs.x) : shipped(call),
);

/** The shipped kernel copies a tensor that has the shape already. */
const reshape = around<{ x: TensorInfo }, ReshapeAttrs>(tf.Reshape, (call, shipped) =>
  sameShape(call.inputs.x.shape, call.attrs.shape) ? share(call.backend, call.inputs.x) : shipped(call),
);

/** Another tensor on the same data. */
function share(backend: TensorflowBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/**
 * 1 where x > 0 and `alpha` elsewhere: the derivative of every rectifier. The shipped kernel runs ten operations for it;
 * TensorFlow has one, the gradient of its leaky rectifier. Unlike other backends it gives `alpha` for NaN.
 */
const step = around<{ x: TensorInfo }, StepAttrs>(tf.Step, (call, shipped) => {
  const { inputs, backend, attrs } = call;
  if (inputs.x.dtype !== 'float32') return shipped(call);
  const { TF_ATTR_TYPE, TF_ATTR_FLOAT, TF_FLOAT } = backend.binding;
  const attributes: readonly OperationAttribute[] = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'alpha', type: TF_ATTR_FLOAT, value: attrs.alpha },
  ];
  return tf.tidy(() => {
    const ones = tf.onesLike(inputs.x as Tensor);
    return backend.executeSingleOutput('LeakyReluGrad', attributes, [ones, inputs.x]) as Tensor;
  });
});

/**
 * `tf.where` broadcasts its arguments before this kernel, but leaves an axis of 1 as it is where the others have none.
 * `SelectV2` broadcasts that too; the shipped kernel runs `Select`, which does not.
 */
const select = around<Readonly<Record<'condition' | 't' | 'e', TensorInfo>>, object>(
  tf.Select,
  (call, shipped) => {
    const { condition, t, e } = call.inputs;
    if (t.dtype !== 'float32' || e.dtype !== 'float32') return shipped(call);
    const { TF_ATTR_TYPE, TF_FLOAT } = call.backend.binding;
    const type = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT };
    return call.backend.executeSingleOutput('SelectV2', [type], [condition, t, e]);
  },
);

/** TensorFlow computes $e^x - 1$ by this subtraction: at x = -1e-4 four digits are right. */
const elu = around<{ x: TensorInfo }, object>(tf.Elu, ({ inputs }) =>
  tf.tidy(() => {
    const x = inputs.x as Tensor;
    return tf.add(tf.relu(x), tf.expm1(tf.minimum(x, 0)));
  }),
);

export const mendedKernels: readonly MendedKernel[] = [
  conv2dBackpropFilter,
  conv2dBackpropInput,
  gather,
  concat,
  cast,
  reshape,
  step,
  select,
  elu,
];

/** Gives TensorFlow's native backend what the other backends can and it refuses. Cheap to call again. */
export function mendTensorflowKernels(): void {
  mendKernels('tensorflow', mendedKernels);
}
