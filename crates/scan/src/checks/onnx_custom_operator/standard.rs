//! The operators of the standard domains: ONNX 1.20 with its history, and what onnxruntime adds to them.

/// Whether the standard domains know the operator.
pub(super) fn is_standard(name: &str) -> bool {
    OPERATORS.binary_search(&name).is_ok()
}

/// Taken from `onnx.defs.get_all_schemas_with_history()` and onnxruntime's schemas; sorted.
#[rustfmt::skip]
const OPERATORS: &[&str] = &[
    "Abs", "Acos", "Acosh", "Adagrad", "Adam", "Add", "Affine", "AffineGrid", "And", "ArgMax", "ArgMin",
    "ArrayFeatureExtractor", "Asin", "Asinh", "Atan", "Atanh", "Attention", "AveragePool",
    "BatchNormalization", "Bernoulli", "Binarizer", "BitCast", "BitShift", "BitwiseAnd", "BitwiseNot",
    "BitwiseOr", "BitwiseXor", "BlackmanWindow", "Cast", "CastLike", "CastMap", "CategoryMapper",
    "CausalConvWithState", "Ceil", "Celu", "CenterCropPad", "Clip", "Col2Im", "Compress", "Concat",
    "ConcatFromSequence", "Constant", "ConstantOfShape", "Conv", "ConvInteger", "ConvTranspose", "Cos",
    "Cosh", "Crop", "CumProd", "CumSum", "DFT", "DeformConv", "DepthToSpace", "DequantizeLinear", "Det",
    "DictVectorizer", "DisentangledAttention_TRT", "Div", "Dropout", "DynamicQuantizeLinear",
    "DynamicSlice", "EfficientNMS_TRT", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "EyeLike",
    "FeatureVectorizer", "Flatten", "FlexAttention", "Floor", "GRU", "GRUUnit", "Gather", "GatherElements",
    "GatherND", "Gelu", "Gemm", "GivenTensorFill", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
    "Gradient", "Greater", "GreaterOrEqual", "GridSample", "GroupNormalization", "HammingWindow",
    "HannWindow", "HardSigmoid", "HardSwish", "Hardmax", "Identity", "If", "ImageDecoder", "ImageScaler",
    "Imputer", "InstanceNormalization", "IsInf", "IsNaN", "LRN", "LSTM", "LabelEncoder",
    "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "LinearAttention", "LinearClassifier",
    "LinearRegressor", "Log", "LogSoftmax", "Loop", "LpNormalization", "LpPool", "MatMul", "MatMulInteger",
    "Max", "MaxPool", "MaxRoiPool", "MaxUnpool", "Mean", "MeanVarianceNormalization", "MelWeightMatrix",
    "MemcpyFromHost", "MemcpyToHost", "Min", "Mish", "Mod", "Momentum", "Mul",
    "MultilevelCropAndResize_TRT", "Multinomial", "Neg", "NegativeLogLikelihoodLoss", "NonMaxSuppression",
    "NonZero", "Normalizer", "Not", "OneHot", "OneHotEncoder", "Optional", "OptionalGetElement",
    "OptionalHasElement", "Or", "PRelu", "Pad", "ParametricSoftplus", "Pow", "PyramidROIAlign_TRT",
    "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RMSNormalization", "RNN", "RandomNormal",
    "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Range", "Reciprocal", "ReduceL1", "ReduceL2",
    "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "ReduceSumSquare", "RegexFullMatch", "Relu", "Reshape", "Resize", "ReverseSequence", "RoiAlign",
    "RotaryEmbedding", "Round", "STFT", "SVMClassifier", "SVMRegressor", "Scale", "ScaledTanh", "Scaler",
    "Scan", "Scatter", "ScatterElements", "ScatterND", "Selu", "SequenceAt", "SequenceConstruct",
    "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap", "Shape", "Shrink",
    "Sigmoid", "Sign", "SimplifiedLayerNormalization", "Sin", "Sinh", "Size", "Slice", "Softmax",
    "SoftmaxCrossEntropyLoss", "Softplus", "Softsign", "SpaceToDepth", "Split", "SplitToSequence", "Sqrt",
    "Squeeze", "StringConcat", "StringNormalizer", "StringSplit", "Sub", "Sum", "SwiGLU", "Swish", "Tan",
    "Tanh", "TensorScatter", "TfIdfVectorizer", "ThresholdedRelu", "Tile", "TopK", "Transpose",
    "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor", "Trilu", "Unique", "Unsqueeze",
    "Upsample", "Where", "Xor", "ZipMap",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(OPERATORS.is_sorted());
        assert!(
            is_standard("Relu") && is_standard("TreeEnsembleClassifier") && !is_standard("PyOp")
        );
    }
}
