D
"serve*2.16.11

xPlaceholder

mMatMul

nEagerPyFunc