J
"serve*2.16.17

xPlaceholder

mMatMul


f
nReadFile