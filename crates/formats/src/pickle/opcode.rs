//! The opcodes of pickle protocols 0 to 5 and how each writes its argument.
//!
//! The table follows Python's `Lib/pickletools.py`, the specification of the format.

/// How an opcode's argument is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    /// There is none.
    None,
    /// Little-endian, this many bytes.
    Fixed(u8),
    /// One line of text.
    Line,
    /// Two lines of text.
    TwoLines,
    /// A little-endian count of this many bytes, then as many bytes of text or data.
    Counted(u8),
    /// The same with a signed count of four bytes: a negative one breaks the stream.
    SignedCounted,
}

macro_rules! opcodes {
    ($($name:ident $byte:literal $text:literal $argument:expr;)+) => {
        /// One instruction of the pickle machine.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Opcode {
            $(
                #[doc = concat!("`", $text, "`")]
                $name = $byte,
            )+
        }

        impl Opcode {
            /// Every opcode.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The opcode that this byte stands for.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// The name that Python's documentation uses.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            pub(super) const fn argument(self) -> Argument {
                match self {
                    $(Self::$name => $argument,)+
                }
            }
        }
    };
}

impl std::fmt::Display for Opcode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}

opcodes! {
    Mark b'(' "MARK" Argument::None;
    Stop b'.' "STOP" Argument::None;
    Pop b'0' "POP" Argument::None;
    PopMark b'1' "POP_MARK" Argument::None;
    Dup b'2' "DUP" Argument::None;
    Float b'F' "FLOAT" Argument::Line;
    Int b'I' "INT" Argument::Line;
    BinInt b'J' "BININT" Argument::Fixed(4);
    BinInt1 b'K' "BININT1" Argument::Fixed(1);
    Long b'L' "LONG" Argument::Line;
    BinInt2 b'M' "BININT2" Argument::Fixed(2);
    None b'N' "NONE" Argument::None;
    PersId b'P' "PERSID" Argument::Line;
    BinPersId b'Q' "BINPERSID" Argument::None;
    Reduce b'R' "REDUCE" Argument::None;
    String b'S' "STRING" Argument::Line;
    BinString b'T' "BINSTRING" Argument::SignedCounted;
    ShortBinString b'U' "SHORT_BINSTRING" Argument::Counted(1);
    Unicode b'V' "UNICODE" Argument::Line;
    BinUnicode b'X' "BINUNICODE" Argument::Counted(4);
    Append b'a' "APPEND" Argument::None;
    Build b'b' "BUILD" Argument::None;
    Global b'c' "GLOBAL" Argument::TwoLines;
    Dict b'd' "DICT" Argument::None;
    EmptyDict b'}' "EMPTY_DICT" Argument::None;
    Appends b'e' "APPENDS" Argument::None;
    Get b'g' "GET" Argument::Line;
    BinGet b'h' "BINGET" Argument::Fixed(1);
    Inst b'i' "INST" Argument::TwoLines;
    LongBinGet b'j' "LONG_BINGET" Argument::Fixed(4);
    List b'l' "LIST" Argument::None;
    EmptyList b']' "EMPTY_LIST" Argument::None;
    Obj b'o' "OBJ" Argument::None;
    Put b'p' "PUT" Argument::Line;
    BinPut b'q' "BINPUT" Argument::Fixed(1);
    LongBinPut b'r' "LONG_BINPUT" Argument::Fixed(4);
    SetItem b's' "SETITEM" Argument::None;
    Tuple b't' "TUPLE" Argument::None;
    EmptyTuple b')' "EMPTY_TUPLE" Argument::None;
    SetItems b'u' "SETITEMS" Argument::None;
    BinFloat b'G' "BINFLOAT" Argument::Fixed(8);
    Proto 0x80 "PROTO" Argument::Fixed(1);
    NewObj 0x81 "NEWOBJ" Argument::None;
    Ext1 0x82 "EXT1" Argument::Fixed(1);
    Ext2 0x83 "EXT2" Argument::Fixed(2);
    Ext4 0x84 "EXT4" Argument::Fixed(4);
    Tuple1 0x85 "TUPLE1" Argument::None;
    Tuple2 0x86 "TUPLE2" Argument::None;
    Tuple3 0x87 "TUPLE3" Argument::None;
    NewTrue 0x88 "NEWTRUE" Argument::None;
    NewFalse 0x89 "NEWFALSE" Argument::None;
    Long1 0x8a "LONG1" Argument::Counted(1);
    Long4 0x8b "LONG4" Argument::SignedCounted;
    BinBytes b'B' "BINBYTES" Argument::Counted(4);
    ShortBinBytes b'C' "SHORT_BINBYTES" Argument::Counted(1);
    ShortBinUnicode 0x8c "SHORT_BINUNICODE" Argument::Counted(1);
    BinUnicode8 0x8d "BINUNICODE8" Argument::Counted(8);
    BinBytes8 0x8e "BINBYTES8" Argument::Counted(8);
    EmptySet 0x8f "EMPTY_SET" Argument::None;
    AddItems 0x90 "ADDITEMS" Argument::None;
    FrozenSet 0x91 "FROZENSET" Argument::None;
    NewObjEx 0x92 "NEWOBJ_EX" Argument::None;
    StackGlobal 0x93 "STACK_GLOBAL" Argument::None;
    Memoize 0x94 "MEMOIZE" Argument::None;
    Frame 0x95 "FRAME" Argument::Fixed(8);
    ByteArray8 0x96 "BYTEARRAY8" Argument::Counted(8);
    NextBuffer 0x97 "NEXT_BUFFER" Argument::None;
    ReadonlyBuffer 0x98 "READONLY_BUFFER" Argument::None;
}
