2
"serve*2.16.1

xPlaceholder

mMatMul"
"train*2.16.1

rReadFile