import os

os.system("echo inert")
