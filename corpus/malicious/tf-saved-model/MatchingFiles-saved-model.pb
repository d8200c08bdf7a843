F
"serve*2.16.13

xPlaceholder

mMatMul

nMatchingFiles