//! A small `TorchServe` archive to plant: an empty manifest, and a handler that names `os.system`.

/// The archive, stored without packing.
pub(super) const PLANTED: &[u8] = b"\
    PK\x03\x04\x14\0\0\0\0\0\0\0!XC\xbf\xa6\xa3\x02\0\0\0\x02\0\
    \0\0\x15\0\0\0MAR-INF/MANIFEST.j\
    son{}PK\x03\x04\x14\0\0\0\0\0\0\0!X\xaf7\x99\xa9\x14\
    \0\0\0\x14\0\0\0\n\0\0\0handler.pyimp\
    ort os\nos.system\nPK\x01\x02\x14\x03\x14\
    \0\0\0\0\0\0\0!XC\xbf\xa6\xa3\x02\0\0\0\x02\0\0\0\x15\0\0\
    \0\0\0\0\0\0\0\0\0\x80\x01\0\0\0\0MAR-INF/M\
    ANIFEST.jsonPK\x01\x02\x14\x03\x14\0\0\0\0\0\
    \0\0!X\xaf7\x99\xa9\x14\0\0\0\x14\0\0\0\n\0\0\0\0\0\0\0\
    \0\0\0\0\x80\x015\0\0\0handler.pyPK\x05\x06\
    \0\0\0\0\x02\0\x02\0{\0\0\0q\0\0\0\0\0\
";
