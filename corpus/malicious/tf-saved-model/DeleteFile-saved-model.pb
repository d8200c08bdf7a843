C
"serve*2.16.10

xPlaceholder

mMatMul

n
DeleteFile