L
"serve*2.16.19

xPlaceholder

mMatMul


f
n
SqlDataset