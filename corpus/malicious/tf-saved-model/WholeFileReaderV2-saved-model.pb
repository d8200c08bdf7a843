J
"serve*2.16.17

xPlaceholder

mMatMul

nWholeFileReaderV2