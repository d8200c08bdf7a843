K
"serve*2.16.18

xPlaceholder

mMatMul

nMergeV2Checkpoints