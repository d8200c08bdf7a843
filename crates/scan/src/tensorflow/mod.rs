//! What TensorFlow's operators do to the world, for graphs and for the Flex operators of TensorFlow Lite.

pub(crate) mod effects;
pub(crate) mod judge;
pub(crate) mod paths;
pub(crate) mod resolve;
