// What kinds of layers are called in a diagram, and their colours; see layer_kinds.py.

/** @type {Record<string, string>} */
export const COLOURS = {
  convolution: "#2f6fb5",
  depthwise: "#2a8f8f",
  pooling: "#c0562f",
  dense: "#7a4fa3",
  join: "#5c6b2f",
  other: "#6b7280",
};
/** @type {Record<string, string>} */
export const SORT_WORDS = {
  convolution: "convolution",
  depthwise: "depthwise convolution",
  pooling: "pooling",
  dense: "dense",
  join: "branches join",
  other: "other",
};
/** @type {Record<string, string>} */
export const SHORT_KINDS = {
  Conv2D: "conv",
  DepthwiseConv2D: "depthwise",
  SeparableConv2D: "separable",
  MaxPooling2D: "max pool",
  AveragePooling2D: "mean pool",
  GlobalAveragePooling2D: "global mean",
  GlobalMaxPooling2D: "global max",
  Dense: "dense",
  Add: "add",
  Concatenate: "concat",
  BatchNormalization: "batch norm",
  Activation: "activation",
  ZeroPadding2D: "zeros",
};
