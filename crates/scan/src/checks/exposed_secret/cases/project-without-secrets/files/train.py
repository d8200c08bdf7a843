import os

password = os.environ["DB_PASSWORD"]
token = os.getenv("HF_TOKEN")
url = f"postgresql://trainer:{password}@db.internal.net/loans"
tokens = tokenizer(text, max_length=512)
