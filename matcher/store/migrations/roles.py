"""The roles that work in the database; they belong to the server, so no dump brings them along."""

ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kinmatch_unit') THEN
    CREATE ROLE kinmatch_unit LOGIN;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kinmatch_service') THEN
    CREATE ROLE kinmatch_service LOGIN;
  END IF;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT kinmatch_unit, kinmatch_service TO %I WITH INHERIT FALSE, SET TRUE',
                   current_user);
  END IF;
END $$
"""
