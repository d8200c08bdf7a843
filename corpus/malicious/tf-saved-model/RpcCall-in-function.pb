I
"serve*2.16.16

xPlaceholder

mMatMul


f
nRpcCall