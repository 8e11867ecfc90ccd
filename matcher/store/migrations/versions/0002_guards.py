"""Roles, row-level security, and the append-only audit log.

Two roles work in the database, and neither owns a table. `kinmatch_unit` acts for the linkage unit.
`kinmatch_service` acts for one society a transaction and sees its rows alone; it believes what
`kinmatch.society` says only with a proof made with the claim key, for this very connection.
"""

from alembic import op

from matcher.store.migrations.roles import ROLES

revision = "0002"
down_revision = "0001"

# What a society may read: for each table the rows that are its own. Tables that are not here are
# the linkage unit's alone.
OWN = "society = (SELECT kinmatch.current_society())"
READABLE = {
    "societies": "name = (SELECT kinmatch.current_society())",
    "users": OWN,
    "api_tokens": OWN,
    "agreement_parties": OWN,
    "agreements": (
        "EXISTS (SELECT FROM kinmatch.agreement_parties AS party"
        f" WHERE party.agreement = agreements.agreement_id AND party.{OWN})"
    ),
    "corridors": "(SELECT kinmatch.current_society()) IN (from_society, to_society)",
    "batches": OWN,
    "parts": OWN,
    "envelopes": OWN,
    "records": OWN,
    "candidate_sides": OWN,
    "decisions": OWN,
    "disclosures": OWN,
    "refinements": (
        "EXISTS (SELECT FROM kinmatch.candidate_sides AS side"
        f" WHERE side.candidate_id = refinements.candidate_id AND side.{OWN})"
    ),
    "audit_entries": OWN,
}
# What it may also write, under the same rule.
WRITABLE = {
    "batches": "INSERT, UPDATE",
    "parts": "INSERT, UPDATE, DELETE",
    "api_tokens": "INSERT, UPDATE",
}
UNITS_OWN = ("runs", "comparisons", "candidates")
APPENDED = ("audit_entries", "audit_checkpoints")
TABLES = (*READABLE, *UNITS_OWN, "audit_checkpoints", "claim_key")

CLAIM = """
INSERT INTO kinmatch.claim_key (key)
SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
              || uuid_send(gen_random_uuid()))
"""

CURRENT_SOCIETY = """
CREATE FUNCTION kinmatch.current_society() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  said text := current_setting('kinmatch.society', true);
  proof text := current_setting('kinmatch.proof', true);
  claim bytea := convert_to(pg_backend_pid() || ':' || said, 'UTF8');
BEGIN
  IF proof = (SELECT encode(sha256(key || sha256(key || claim)), 'hex') FROM kinmatch.claim_key)
  THEN RETURN said;
  END IF;
  RETURN NULL;
END $$
"""

# The lock is held to the end of the transaction, so that entries have no gaps and one order.
APPEND = """
CREATE FUNCTION kinmatch.audit_append(
  actor text, society text, action text, subject text, details text
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_variable
DECLARE
  said_at timestamptz := clock_timestamp();
  head record;
  fields text[];
  field text;
  content text := 'kinmatch-audit/1';
BEGIN
  PERFORM pg_advisory_xact_lock(1801678189);
  SELECT entry.number, entry.hash INTO head
    FROM kinmatch.audit_entries AS entry ORDER BY entry.number DESC LIMIT 1;
  fields := ARRAY[
    (coalesce(head.number, 0) + 1)::text,
    to_char(said_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    actor, society, action, subject, details
  ];
  FOREACH field IN ARRAY fields LOOP
    content := content || coalesce(octet_length(field) || ':' || field, '-');
  END LOOP;
  INSERT INTO kinmatch.audit_entries VALUES (
    coalesce(head.number, 0) + 1, said_at, actor, society, action, subject, details,
    sha256(coalesce(head.hash, ''::bytea) || convert_to(content, 'UTF8'))
  );
  RETURN coalesce(head.number, 0) + 1;
END $$
"""

APPEND_OWN = """
CREATE FUNCTION kinmatch.audit_append_own(actor text, action text, subject text, details text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  own text := kinmatch.current_society();
BEGIN
  IF own IS NULL THEN
    RAISE EXCEPTION 'no society has been entered' USING ERRCODE = '42501';
  END IF;
  RETURN kinmatch.audit_append(actor, own, action, subject, details);
END $$
"""

REFUSE_CHANGE = """
CREATE FUNCTION kinmatch.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = '42501';
END $$
"""


def upgrade() -> None:
    """Make roles, rules and functions."""
    for statement in (ROLES, CLAIM, CURRENT_SOCIETY, APPEND, APPEND_OWN, REFUSE_CHANGE):
        op.execute(statement)
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA kinmatch FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA kinmatch TO kinmatch_unit, kinmatch_service")
    op.execute(
        "GRANT EXECUTE ON FUNCTION kinmatch.current_society, kinmatch.audit_append_own"
        " TO kinmatch_unit, kinmatch_service"
    )
    op.execute("GRANT EXECUTE ON FUNCTION kinmatch.audit_append TO kinmatch_unit")
    for table in TABLES:
        op.execute(f"ALTER TABLE kinmatch.{table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY unit ON kinmatch.{table} TO kinmatch_unit"
            " USING (true) WITH CHECK (true)"
        )
        op.execute(f"GRANT {_of_the_unit(table)} ON kinmatch.{table} TO kinmatch_unit")
    for table, rule in READABLE.items():
        op.execute(
            f"CREATE POLICY service ON kinmatch.{table} TO kinmatch_service"
            f" USING ({rule}) WITH CHECK ({rule})"
        )
        granted = ", ".join(filter(None, ("SELECT", WRITABLE.get(table))))
        op.execute(f"GRANT {granted} ON kinmatch.{table} TO kinmatch_service")
    for table in APPENDED:
        op.execute(
            f"CREATE TRIGGER only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON kinmatch.{table}"
            " EXECUTE FUNCTION kinmatch.refuse_change()"
        )


def _of_the_unit(table: str) -> str:
    return {
        "claim_key": "SELECT",
        "audit_entries": "SELECT",
        "audit_checkpoints": "SELECT, INSERT",
    }.get(table, "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    """Take them away; the roles stay, since other databases of the server may use them."""
    for table in APPENDED:
        op.execute(f"DROP TRIGGER only_added_to ON kinmatch.{table}")
    for table in READABLE:
        op.execute(f"DROP POLICY service ON kinmatch.{table}")
    for table in TABLES:
        op.execute(f"DROP POLICY unit ON kinmatch.{table}")
        op.execute(f"ALTER TABLE kinmatch.{table} DISABLE ROW LEVEL SECURITY")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA kinmatch FROM kinmatch_unit, kinmatch_service")
    op.execute("REVOKE ALL ON SCHEMA kinmatch FROM kinmatch_unit, kinmatch_service")
    for function in (
        "refuse_change()",
        "audit_append_own(text, text, text, text)",
        "audit_append(text, text, text, text, text)",
        "current_society()",
    ):
        op.execute(f"DROP FUNCTION kinmatch.{function}")
    op.execute("DELETE FROM kinmatch.claim_key")
