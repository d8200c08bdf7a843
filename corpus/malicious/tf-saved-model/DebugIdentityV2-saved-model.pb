H
"serve*2.16.15

xPlaceholder

mMatMul

nDebugIdentityV2