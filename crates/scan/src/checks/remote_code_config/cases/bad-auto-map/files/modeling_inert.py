INERT = True
