"""Makes everything that this example ships: both data files, the model and the figures of its card.

    python -m venv .venv && .venv/bin/pip install --require-hashes -r requirements.txt
    .venv/bin/python train.py german.data

`german.data` is the file of that name in the UCI repository (DOI 10.24432/C5NC77). Nothing here is
needed to run the example; it is shipped so that anyone can repeat it. The same source, versions and
seed give the same bytes.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from onnx import helper
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType

from codebook import ATTRIBUTES, CATEGORIES, CLASSES, FEATURES, LABEL, NUMBERS, SENSITIVE

HERE = Path(__file__).resolve().parent
SEED = 19941117
# Over the rows with one space between the fields, so that tabs or blank lines make no difference.
SOURCE_SHA256 = "b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871"
OPSET = {"": 11, "ai.onnx.ml": 1}
# The cost matrix of the source: taking a bad risk for a good one costs 5, the reverse 1.
COST_MISSED, COST_REFUSED = 5, 1
THRESHOLD = COST_REFUSED / (COST_REFUSED + COST_MISSED)
RESAMPLES = 10_000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("source", type=Path, help="german.data of the UCI repository")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write")
    options = parser.parse_args()
    (options.out / "data").mkdir(parents=True, exist_ok=True)
    (options.out / "models").mkdir(exist_ok=True)

    train, test = split(read(options.source))
    for name, part in (("train", train), ("test", test)):
        write(part, options.out / "data" / f"{name}.parquet")
    search = fit(train)
    onnx_bytes = export(search.best_estimator_, digest_of(options.out / "data" / "train.parquet"))
    (options.out / "models" / "credit.onnx").write_bytes(onnx_bytes)

    metrics = {"seed": SEED, "opset": OPSET, "chosen": search.best_params_}
    metrics["cross_validated_auc"] = round(float(search.best_score_), 4)
    metrics["onnx_largest_difference"] = compare(search.best_estimator_, onnx_bytes, train, test)
    for name, part in (("train", train), ("test", test)):
        metrics[name] = judge(part[LABEL].to_numpy(), score(onnx_bytes, part))
    metrics["test_groups"] = groups(test, score(onnx_bytes, test))
    text = json.dumps(metrics, indent=2, sort_keys=True) + "\n"
    (options.out / "models" / "credit.metrics.json").write_text(text)
    print(text, end="")


# --- data -----------------------------------------------------------------------------------------


def read(path):
    """Reads and decodes the source; refuses any other file."""
    rows = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
    plain = "".join(" ".join(row) + "\n" for row in rows)
    digest = hashlib.sha256(plain.encode("ascii")).hexdigest()
    if digest != SOURCE_SHA256:
        raise SystemExit(f"`{path}` is not the expected source: SHA-256 {digest}")
    columns = {}
    for place, (name, words) in enumerate(ATTRIBUTES.items()):
        cells = [row[place] for row in rows]
        columns[name] = [int(cell) if words is None else words[cell] for cell in cells]
    columns[LABEL] = [CLASSES[row[-1]] for row in rows]
    return pd.DataFrame(columns)


def split(frame):
    """700 rows to learn from, 300 to judge by; the same share of defaults, the order of the source."""
    places = np.arange(len(frame))
    train, test = train_test_split(places, test_size=300, random_state=SEED, stratify=frame[LABEL])
    return tuple(frame.iloc[np.sort(part)].reset_index(drop=True) for part in (train, test))


def write(frame, path):
    """Writes plain Parquet: text and 64-bit integers, nothing nullable, nothing compressed."""
    numbers = {name for name, words in ATTRIBUTES.items() if words is None} | {LABEL}
    fields = [
        pa.field(name, pa.int64() if name in numbers else pa.string(), nullable=False)
        for name in frame.columns
    ]
    about = {
        "title": "Statlog (German Credit Data)",
        "creator": "Hans Hofmann",
        "source": "https://doi.org/10.24432/C5NC77",
        "licence": "CC-BY-4.0",
        "changes": "codes decoded, columns named, split into train and test",
    }
    table = pa.Table.from_pandas(frame, pa.schema(fields), preserve_index=False)
    pq.write_table(table.replace_schema_metadata(about), path, compression="none")


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- model ----------------------------------------------------------------------------------------


def fit(train):
    """Logistic regression; its strength of regularisation is chosen inside the training split."""
    known = [sorted(words for words in ATTRIBUTES[name].values()) for name in CATEGORIES]
    encode = ColumnTransformer(
        [
            ("number", StandardScaler(), NUMBERS),
            ("category", OneHotEncoder(categories=known, handle_unknown="ignore"), CATEGORIES),
        ],
        sparse_threshold=0,
    )
    model = Pipeline([("encode", encode), ("judge", LogisticRegression(max_iter=10_000, tol=1e-8))])
    folds = StratifiedKFold(10, shuffle=True, random_state=SEED)
    search = GridSearchCV(
        model, {"judge__C": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]}, scoring="roc_auc", cv=folds
    )
    return search.fit(train[FEATURES], train[LABEL])


def export(model, train_sha256):
    """The whole pipeline as ONNX: one input a column, so that a row goes in as it is."""
    inputs = [
        (name, (FloatTensorType if name in NUMBERS else StringTensorType)([None, 1]))
        for name in FEATURES
    ]
    onnx_model = convert_sklearn(
        model, "credit", inputs, target_opset=OPSET, options={"zipmap": False}
    )
    if {entry.domain: entry.version for entry in onnx_model.opset_import} != OPSET:
        raise SystemExit("the converter chose other operator sets")
    onnx_model.doc_string = "Probability that a credit defaults. See models/README.md."
    helper.set_model_props(
        onnx_model,
        {
            "licence": "Apache-2.0 OR MIT",
            "trained_on_sha256": train_sha256,
            "intended_use": "teaching and testing; not for decisions about people",
        },
    )
    return onnx_model.SerializeToString(deterministic=True)


def score(onnx_bytes, frame):
    """The probability of default for each row, by ONNX Runtime."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    feed = {
        name: frame[[name]].to_numpy(np.float32 if name in NUMBERS else object) for name in FEATURES
    }
    return session.run(["probabilities"], feed)[0][:, 1].astype(np.float64)


def compare(model, onnx_bytes, *parts):
    """How far ONNX and scikit-learn differ at most, over all 1,000 rows."""
    frame = pd.concat(parts)
    expected = model.predict_proba(frame[FEATURES])[:, 1]
    difference = float(np.abs(expected - score(onnx_bytes, frame)).max())
    if difference > 1e-6:
        raise SystemExit(f"ONNX and scikit-learn differ by {difference}")
    return difference


# --- figures --------------------------------------------------------------------------------------


def judge(truth, scores):
    """Figures with 95 % intervals: percentile bootstrap for all, with a fixed seed."""
    random = np.random.default_rng(SEED)
    samples = random.integers(0, len(truth), (RESAMPLES, len(truth)))
    measures = {
        "auc": roc_auc_score,
        "brier": brier_score_loss,
        "accuracy_at_half": lambda y, p: np.mean((p >= 0.5) == y),
        "accuracy_at_sixth": lambda y, p: np.mean((p >= THRESHOLD) == y),
        "cost_at_half": lambda y, p: cost(y, p, 0.5),
        "cost_at_sixth": lambda y, p: cost(y, p, THRESHOLD),
    }
    result = {"rows": len(truth), "defaults": int(truth.sum())}
    for name, measure in measures.items():
        again = [measure(truth[sample], scores[sample]) for sample in samples]
        low, high = np.quantile(again, [0.025, 0.975])
        result[name] = rounded(measure(truth, scores), low, high)
    return result


def cost(truth, scores, threshold):
    """Mean cost of one decision by the cost matrix of the source."""
    refused = scores >= threshold
    return np.mean(COST_MISSED * (truth & ~refused) + COST_REFUSED * ((1 - truth) & refused))


def groups(frame, scores):
    """Who is approved at the cost-optimal threshold, by sensitive attribute."""
    cut = frame.assign(age=np.where(frame["age"] <= 25, "25 or younger", "older than 25"))
    cut["approved"] = scores < THRESHOLD
    result = {}
    for name in SENSITIVE:
        for value, part in cut.groupby(name):
            result[f"{name} = {value}"] = {
                "rows": len(part),
                "defaults": int(part[LABEL].sum()),
                "approved": wilson(int(part["approved"].sum()), len(part)),
            }
    return result


def rounded(value, low, high):
    return {
        "value": round(float(value), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def wilson(hits, count):
    """A share with its 95 % interval (Wilson 1927)."""
    z = 1.959964
    middle = (hits + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * np.sqrt(hits * (count - hits) / count + z * z / 4)
    return rounded(hits / count, middle - half, middle + half)


if __name__ == "__main__":
    main()
