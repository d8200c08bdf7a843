T
"serve*2.16.1A

xPlaceholder

mMatMul 


f
nMergeV2Checkpoints