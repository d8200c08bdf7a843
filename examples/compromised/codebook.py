"""The code book of the German credit data, as published with the data set.

Order and wording follow `german.doc` of the UCI Machine Learning Repository. Parts of that code
book are known to be wrong (see data/README.md): the words are kept all the same, because they are
what the source says, and a data set must be comparable with its source.
"""

LABEL = "default"
SENSITIVE = ["personal_status_sex", "age", "foreign_worker"]

# Twenty attributes in the order of the source file: a dictionary decodes, None keeps a number.
ATTRIBUTES = {
    "checking_status": {
        "A11": "< 0 DM",
        "A12": "0 <= ... < 200 DM",
        "A13": ">= 200 DM or salary assignments for at least 1 year",
        "A14": "no checking account",
    },
    "duration_months": None,
    "credit_history": {
        "A30": "no credits taken or all credits paid back duly",
        "A31": "all credits at this bank paid back duly",
        "A32": "existing credits paid back duly till now",
        "A33": "delay in paying off in the past",
        "A34": "critical account or other credits existing elsewhere",
    },
    "purpose": {
        "A40": "car (new)",
        "A41": "car (used)",
        "A42": "furniture or equipment",
        "A43": "radio or television",
        "A44": "domestic appliances",
        "A45": "repairs",
        "A46": "education",
        "A47": "vacation",
        "A48": "retraining",
        "A49": "business",
        "A410": "others",
    },
    "credit_amount": None,
    "savings": {
        "A61": "< 100 DM",
        "A62": "100 <= ... < 500 DM",
        "A63": "500 <= ... < 1000 DM",
        "A64": ">= 1000 DM",
        "A65": "unknown or no savings account",
    },
    "employment_since": {
        "A71": "unemployed",
        "A72": "< 1 year",
        "A73": "1 <= ... < 4 years",
        "A74": "4 <= ... < 7 years",
        "A75": ">= 7 years",
    },
    "installment_rate": None,
    "personal_status_sex": {
        "A91": "male: divorced or separated",
        "A92": "female: divorced, separated or married",
        "A93": "male: single",
        "A94": "male: married or widowed",
        "A95": "female: single",
    },
    "other_debtors": {
        "A101": "none",
        "A102": "co-applicant",
        "A103": "guarantor",
    },
    "residence_since": None,
    "property": {
        "A121": "real estate",
        "A122": "building society savings agreement or life insurance",
        "A123": "car or other",
        "A124": "unknown or no property",
    },
    "age": None,
    "other_installment_plans": {
        "A141": "bank",
        "A142": "stores",
        "A143": "none",
    },
    "housing": {
        "A151": "rent",
        "A152": "own",
        "A153": "for free",
    },
    "existing_credits": None,
    "job": {
        "A171": "unemployed or unskilled, non-resident",
        "A172": "unskilled, resident",
        "A173": "skilled employee or official",
        "A174": "management, self-employed, highly qualified employee or officer",
    },
    "dependents": None,
    "telephone": {
        "A191": "none",
        "A192": "yes, registered under the customer's name",
    },
    "foreign_worker": {
        "A201": "yes",
        "A202": "no",
    },
}

# The class of the source: 1 is a good risk, 2 a bad one. Here 1 means the event of interest: bad.
CLASSES = {"1": 0, "2": 1}

# What the model may look at: everything but the sensitive attributes and the label.
FEATURES = [name for name in ATTRIBUTES if name not in SENSITIVE]
NUMBERS = [name for name in FEATURES if ATTRIBUTES[name] is None]
CATEGORIES = [name for name in FEATURES if ATTRIBUTES[name] is not None]
