//! Tells models by the first bytes of their files. Those that are only recognised are incomplete and never clean.

use crate::Format;
use crate::little::{u32_at, u64_at};

/// Whether the first bytes of a file are of a format.
type Sign = fn(&[u8]) -> bool;

/// Which of these formats the first 512 bytes are of.
pub(crate) fn recognise(head: &[u8]) -> Option<Format> {
    const KINDS: &[(Sign, Format)] = &[
        (is_executorch, Format::ExecuTorch),
        (is_onnxruntime, Format::OnnxRuntime),
        (is_torch_mobile, Format::TorchMobile),
        (is_tensorrt, Format::TensorRt),
        (is_rknn, Format::Rknn),
        (is_cntk_network, Format::CntkNetwork),
        (is_paddle_program, Format::Paddle),
        (is_paddle_parameters, Format::Paddle),
        (crate::layers::is_mxnet, Format::MxNet),
        (crate::ocdbt::looks_like, Format::Ocdbt),
    ];
    KINDS
        .iter()
        .find(|(is, _)| is(head))
        .map(|(_, format)| *format)
}

/// The identifier of a flatbuffer stands behind the offset of its root.
fn flatbuffer(head: &[u8]) -> Option<&[u8]> {
    let root = u32_at(head, 0)?;
    (root >= 8 && root % 4 == 0).then(|| head.get(4..8))?
}

/// `ET` and the version of the schema (program.fbs of `ExecuTorch`).
fn is_executorch(head: &[u8]) -> bool {
    matches!(
        flatbuffer(head),
        Some([b'E', b'T', b'0'..=b'9', b'0'..=b'9'])
    )
}

/// onnxruntime's own format (ort.fbs).
fn is_onnxruntime(head: &[u8]) -> bool {
    flatbuffer(head) == Some(b"ORTM")
}

/// torch's format for mobile devices (`mobile_bytecode.fbs`).
fn is_torch_mobile(head: &[u8]) -> bool {
    flatbuffer(head) == Some(b"PTMF")
}

/// The two tags that plans of `TensorRT` have begun with.
fn is_tensorrt(head: &[u8]) -> bool {
    head.starts_with(b"ftrt") || head.starts_with(b"ptrt")
}

/// The tag, and a length or version of eight bytes that is not text.
fn is_rknn(head: &[u8]) -> bool {
    head.starts_with(b"RKNN") && head.get(4..12).is_some_and(|rest| rest.contains(&0))
}

/// `BCN` and `BVersion` as texts of two bytes a letter, as `File` of CNTK 1 writes them.
fn is_cntk_network(head: &[u8]) -> bool {
    head.starts_with(b"B\0C\0N\0\0\0B\0V\0e\0r\0s\0i\0o\0n\0\0\0")
}

/// A program of Paddle (framework.proto): its first block has the index 0 and no parent, which is -1.
fn is_paddle_program(head: &[u8]) -> bool {
    const BLOCK: &[u8] = b"\x08\0\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    head.first() == Some(&0x0a)
        && (2..8).any(|at| head.get(at..).is_some_and(|rest| rest.starts_with(BLOCK)))
}

/// A tensor of Paddle: version 0, no levels, version 0, the length of a description, its type.
fn is_paddle_parameters(head: &[u8]) -> bool {
    let is_empty = u64_at(head, 0) == Some(0) && u64_at(head, 8) == Some(0);
    let length = u32_at(head, 16);
    is_empty
        && length.is_some_and(|length| (4..128).contains(&length))
        && matches!(head.get(20..), Some([0x08, 0..=40, 0x10, ..]))
}

#[cfg(test)]
mod tests {
    use tutela_core::Limits;

    use super::*;
    use crate::{sniff, walk};

    const FILES: &[(&[u8], Format)] = &[
        (b"\x20\0\0\0ET12\0\0\0\0", Format::ExecuTorch),
        (b"\x20\0\0\0ORTM\0\0\0\0", Format::OnnxRuntime),
        (b"\x20\0\0\0PTMF\0\0\0\0", Format::TorchMobile),
        (b"ftrt\0\0\0\0\xf4\0\0\0", Format::TensorRt),
        (b"RKNN\0\0\0\0\x06\0\0\0\0\0\0\0", Format::Rknn),
        (
            b"B\0C\0N\0\0\0B\0V\0e\0r\0s\0i\0o\0n\0\0\0\x02\0\0\0",
            Format::CntkNetwork,
        ),
        (
            b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1\x0d\0\0\0nn.Sequential",
            Format::Torch7,
        ),
        (b"4\n1\n3\nV 1\n13\nnn.Sequential\n", Format::Torch7),
        (
            b"\x0a\xbe\x33\x08\0\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1a\x0c",
            Format::Paddle,
        ),
        (
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\0\0\0\x08\x05\x10\x03\x10\x04",
            Format::Paddle,
        ),
    ];

    #[test]
    fn models_are_recognised_and_what_is_not_understood_is_told() {
        for (bytes, format) in FILES {
            let bytes = bytes.to_vec();
            let limits = Limits::default();
            assert_eq!(sniff(&bytes, &limits).unwrap(), Some(*format));
            let unread = walk(&bytes, &limits, &mut |_| Ok(())).unwrap();
            assert_eq!(unread.is_empty(), format.is_understood(), "{format}");
        }
    }

    #[test]
    fn look_alikes_are_none() {
        for bytes in [
            &b""[..],
            b"\x21\0\0\0ET12",
            b"\x20\0\0\0ETAB",
            b"RKNN is the name of a format",
            b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 2",
            b"4\n1\n3\nV 2\n",
            b"\x0a\x02\x08\0",
            &[0; 64],
        ] {
            assert_eq!(recognise(bytes), None, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn truncated_at_every_byte() {
        for (bytes, format) in FILES {
            for length in 0..bytes.len() {
                let found = recognise(&bytes[..length]);
                assert!(found.is_none_or(|found| found == *format));
            }
        }
    }
}
