S
"serve*2.16.1@

xPlaceholder

mMatMul


f
nWholeFileReaderV2