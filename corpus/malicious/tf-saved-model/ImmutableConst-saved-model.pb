G
"serve*2.16.14

xPlaceholder

mMatMul

nImmutableConst