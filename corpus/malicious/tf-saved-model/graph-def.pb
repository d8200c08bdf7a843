

xPlaceholder

mMatMul

w	WriteFilexy