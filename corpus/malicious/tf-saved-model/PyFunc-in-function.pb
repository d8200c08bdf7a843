H
"serve*2.16.15

xPlaceholder

mMatMul


f
nPyFunc