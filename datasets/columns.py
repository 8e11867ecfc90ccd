"""The canonical columns of a record, as tracing units' files have them.

Written down a second time on purpose: test data knows nothing of what it measures, so it states
for itself what it promises to deliver.
"""

COLUMNS = (
    "record_id",
    "case_id",
    "role",
    "relation",
    "given_name",
    "father_name",
    "grandfather_name",
    "family_name",
    "mother_name",
    "other_names",
    "sex",
    "birth_date",
    "age",
    "age_on",
    "calendar",
    "birth_place",
    "nationality",
    "residence",
    "last_seen_place",
    "last_seen_date",
    "language",
)
