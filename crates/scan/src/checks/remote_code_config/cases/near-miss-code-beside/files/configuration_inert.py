class InertConfig:
    model_type = "inert"
